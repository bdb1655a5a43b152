package record

// MostErrorSignals is how many of a failure's error signals, the newest ones, are counted and loaded
// at most: the key of errors without a trace may get millions. Beyond it counts are lower bounds.
const MostErrorSignals = 10_000
