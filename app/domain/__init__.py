"""The pure core: what a pair, a judgment and a verdict are. No I/O, no clock, no unseeded randomness."""
