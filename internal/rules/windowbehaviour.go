package rules

import "github.com/prodsentinel/prodsentinel/internal/incident"

// What tells how a window of time differs from its baseline (section 16).
const (
	// WindowErrors failed requests of one new error explain a window where they are at least one in WindowErrorParts
	// of those that failed; WindowTraces of them are looked at, and as many healthy ones.
	WindowErrors     = 3
	WindowErrorParts = 2
	WindowTraces     = 20
	// StandardErrors is how far apart shares must be, for chance not to explain it.
	StandardErrors = 3
	// MinShiftSpans is how many spans of a unit the baseline must have for it to be known what is usual.
	MinShiftSpans = 5
	// MaxSuspects bounds the suspects of a window that a report lists, and MaxSuspectFindings those of which it says
	// what was observed.
	MaxSuspects        = 20
	MaxSuspectFindings = 3
	// LeastLocation is the score, in millionths, that a suspect must reach, and its lead must be one part in MarginParts.
	LeastLocation = 500_000
	MarginParts   = 5
	// LeastRequests is how many requests, at least, must show what no metric does.
	LeastRequests = 10
	// MinBaselineRequests is how many requests make a baseline.
	MinBaselineRequests = 50
)

// ShiftShare is by how much the share of a feature must have changed, and OwedShare how much of what a span has, or
// lacks, must be owed to that for the span to be blamed (section 16).
const (
	ShiftShare incident.Confidence = 80_000
	OwedShare  incident.Confidence = 500_000
)
