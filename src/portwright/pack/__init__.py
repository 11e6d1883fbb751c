"""PUT it in an image, LOOK into one: composing, editing, inspecting."""
