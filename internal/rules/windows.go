package rules

import "time"

// Windows are lengths of event time.
const (
	// ClockTolerance is how far clocks of one system may differ without meaning anything (section 5).
	ClockTolerance = 5 * time.Millisecond
	// ParentLogWindow is how far from a call's end a log of its caller may speak of the call (section 2).
	ParentLogWindow = 50 * time.Millisecond
	// CancelWindow is how long after its cause a cancellation may show (section 3).
	CancelWindow = time.Second
	// ChangeWindow is how long before onset a change may have triggered it (sections 6, 7).
	ChangeWindow = 30 * time.Minute
	// BaselineWindow is how long before onset calls are counted, and a service must have been seen to count
	// as instrumented at the time (sections 4, 9).
	BaselineWindow = 30 * time.Minute
	// RecentWindow is how long before onset calls count as recent; the baseline ends where it begins
	// (section 9).
	RecentWindow = 10 * time.Minute
	// RefusalWindow is how far around onset other refused callers are looked for (section 6).
	RefusalWindow = 10 * time.Minute
)
