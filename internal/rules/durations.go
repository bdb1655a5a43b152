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
	// CallsWindow is how long before onset calls are counted, and a service must have been seen to count
	// as instrumented at the time (sections 4, 9). Healthy traces are taken from CaseBaseline.
	CallsWindow = 30 * time.Minute
	// RecentWindow is how long before onset calls count as recent; the baseline of calls ends where it
	// begins (section 9).
	RecentWindow = 10 * time.Minute
	// EntryWindow is how long failing and other traces of an entry are counted for severity (section 9).
	EntryWindow = 10 * time.Minute
	// ShareWindow is the length of the windows of receipt in which errors of requests are counted, and
	// ShareBaseline how long before the newest ones the others are compared with (section 15).
	ShareWindow   = 5 * time.Minute
	ShareBaseline = 6 * time.Hour
	// ShareBaselineLeast is for how much of that there must be windows with requests (section 15).
	ShareBaselineLeast = 30 * time.Minute
	// RefusalWindow is how far around onset other refused callers are looked for (section 6).
	RefusalWindow = 10 * time.Minute
	// CopyWindow is how far apart an exception of a trace and a copy of it without one may be told
	// (section 12).
	CopyWindow = time.Second
	// PlatformWindow is how long after a platform recorded the end of a process a call to it may fail of it
	// (section 12).
	PlatformWindow = 2 * time.Minute
	// PlatformSpan is how far apart records of a platform are that tell of one failure (section 12).
	PlatformSpan = 10 * time.Minute

	// CaseBaseline is how long before the failing traces a case takes healthy traces and metrics from, unless
	// the key case::baseline says otherwise (section 14).
	CaseBaseline = 30 * time.Minute
	// CaseChanges is how long before the failing traces a case lists changes (section 14).
	CaseChanges = time.Hour
	// CaseAfter is how long after the last error a case takes metric points (section 14).
	CaseAfter = time.Minute
	// OnsetAround is how far around the onset that was found a verdict must be the same (section 16).
	OnsetAround = time.Minute
)
