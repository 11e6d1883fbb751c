"""What the format redox-initfs is made of: reading an image, and writing one."""
