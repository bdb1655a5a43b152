package signal

import "time"

// ClockAhead is how far a sender's clock may be ahead of ours for its times to count.
const ClockAhead = time.Minute

// firstTime is the year 1990: a clock that reads an earlier one was never set.
const firstTime Nanos = 631_152_000_000_000_000

// IsCredible reports whether something can have happened at a time, as far as when it was received tells (0 where
// that is not known): clocks that were never set read 1970, others 2106 or an hour too much.
func (n Nanos) IsCredible(received Nanos) bool {
	return n >= firstTime && (received == 0 || n <= received+Nanos(ClockAhead))
}

// EventTime is the first credible one of the times of what was received at a time, else that.
func EventTime(received Nanos, times ...Nanos) Nanos {
	for _, t := range times {
		if t.IsCredible(received) {
			return t
		}
	}
	return received
}
