package rules

// Bounds keep the cost of a trace and the size of a report within limits, whatever is sent. What they cut
// off is counted, never judged (section 14).
const (
	// MaxRecords bounds how many error logs of one span are read: the first ones and the last ones.
	MaxRecords = 64
	// MaxSiblings bounds how many calls are compared with one log of their caller.
	MaxSiblings = 64
	// MaxCalls bounds the search for the call that a message speaks of.
	MaxCalls = 256
	// MaxBeside bounds the search for a failure beside a cancellation, on each side.
	MaxBeside = 64
	// MaxOffered bounds the errors that are offered to the spans above them as explanations.
	MaxOffered = 64
	// MaxSteps bounds what is done on one trace, and StepsPerRecord is added for each of its records. A trace
	// that takes more is looked at by its error path.
	MaxSteps       = 4_000_000
	StepsPerRecord = 100
	// LargestPath is how many records the error path of a trace has. If they take too many steps, it has a
	// tenth of them, down to SmallestPath.
	LargestPath  = 20_000
	SmallestPath = 200
	// PathAbove are the spans above a failed one, and PathTop the topmost, that are part of an error path;
	// PathChildren are its calls.
	PathAbove    = 128
	PathTop      = 16
	PathChildren = 16
	// MaxOrigins bounds the origins of one trace that are judged, primary and other ones each.
	MaxOrigins = 256
	// MaxCopies bounds the records of an error without a trace that are looked for in traces.
	MaxCopies = 16
	// MaxAround bounds the moments around a trace in which records without one are looked for, of platforms
	// and of spans that are only marked each.
	MaxAround = 32
	// MaxAboveStall bounds the spans above a stall that wait for it, and MaxWaiting the services and operations of these
	// by which it is known.
	MaxAboveStall = 64
	MaxWaiting    = 12

	// MaxRefs bounds the evidence cited for one statement.
	MaxRefs = 8
	// MaxFindings, MaxGaps and MaxRegions bound a report's findings, gaps and code regions.
	MaxFindings = 40
	MaxGaps     = 50
	MaxRegions  = 5
	// MaxQuote bounds a quoted text, in bytes.
	MaxQuote = 160
)
