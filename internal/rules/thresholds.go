package rules

// Thresholds are counts from which something means something.
const (
	// A wait is followed into a child that overlaps with at least one part in DescentParts of it (section 5).
	DescentParts = 2

	// A baseline says something from BaselineCalls calls on, and recent calls from RecentCalls on; attempts
	// that are made good count as failures where they fail more than TooOften times as often (section 9).
	BaselineCalls = 100
	RecentCalls   = 20
	TooOften      = 2

	// A baseline of requests says something from ShareRequests on. An error's share leaves it where, in ShareWindows
	// windows in a row, it is at least ShareFactor times as high and chance would bring so many with a
	// probability below ShareChance (section 15).
	ShareRequests = 200
	ShareWindows  = 2
	ShareFactor   = 2
	// An error was there all the time if it was in ShareSpread of ShareSpreadOf windows over which chance would
	// spread it (section 15).
	ShareSpread   = 3
	ShareSpreadOf = 4
	ShareChance   = 1e-6

	// ComparableCalls is how many healthy calls it takes to say what is usual (section 5).
	ComparableCalls = 3

	// An incident is critical where CriticalTraces traces of one entry failed, and at least one in
	// CriticalParts of its traces, or CriticalTracesEach at each of CriticalEntries entries (section 9). Where at least
	// one in CriticalParts of an entry's requests fails, that is never routine (section 15).
	CriticalTraces     = 10
	CriticalParts      = 2
	CriticalTracesEach = 5
	CriticalEntries    = 2
)
