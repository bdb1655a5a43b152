package rules

// Bounds keep the cost of a trace and the size of a report within limits, whatever is sent. What they cut
// off is counted, never judged.
const (
	// MaxRecords bounds how many error logs of one span are read: the first ones and the last ones (section 2).
	MaxRecords = 64
	// MaxSiblings bounds how many calls are compared with one log of their caller (section 2).
	MaxSiblings = 64
	// MaxCalls bounds the search for the call that a message speaks of (section 4).
	MaxCalls = 256
	// MaxOffered bounds the errors that are offered to the spans above them as explanations (section 3).
	MaxOffered = 64
	// MaxSteps bounds walks up and down the tree over one whole trace (section 3).
	MaxSteps = 4_000_000
	// MaxOrigins bounds the origins of one trace that are judged, primary and other ones each (section 3).
	MaxOrigins = 256

	// MaxRefs bounds the evidence cited for one statement (section 10).
	MaxRefs = 8
	// MaxFindings, MaxGaps and MaxRegions bound a report's findings, gaps and code regions (section 10).
	MaxFindings = 40
	MaxGaps     = 50
	MaxRegions  = 5
	// MaxQuote bounds a quoted text, in bytes (section 10).
	MaxQuote = 160
)
