package record

// MostErrorSignals is how many error signals of a failure without a trace, the newest ones, are
// counted and loaded at most: its key may get millions. Beyond it counts are lower bounds.
const MostErrorSignals = 10_000

// MostErrorSignalsOfTrace is the same for a trace, which comes to its end.
const MostErrorSignalsOfTrace = 200_000
