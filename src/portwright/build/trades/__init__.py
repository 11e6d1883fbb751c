"""Trades: what is known of each kind of program that takes part in builds; `TRADE` is a `build.trade.Trade`."""
