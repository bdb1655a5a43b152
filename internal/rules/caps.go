package rules

import "github.com/prodsentinel/prodsentinel/internal/incident"

// Cap is a reason why a verdict may claim only so much. Its sentence is written where reports are
// rendered.
type Cap int

// The caps. Where one speaks of a service, a judgement carries its name beside the cap.
const (
	CapSeenFromCaller   Cap = iota // the failure was seen from the caller's side only
	CapNoReason                    // no record says why a call failed
	CapNothingBeyond               // nothing is recorded beyond the caller
	CapNoErrorOfCallee             // the service that answered with an error recorded none itself
	CapNoTelemetry                 // nothing is recorded at the service for this request
	CapGhost                       // only logs of the service were received
	CapUnnamedPeer                 // the call does not name its peer
	CapAmbiguous                   // the client says the same of several causes
	CapNoException                 // no exception was recorded
	CapReachedInLogs               // only logs show when the service was reached
	CapNothingToCompare            // a refusal without another caller to compare with
	CapLogsOnly                    // the trace has no spans
	CapPlatform                    // a platform's record names the service, and no request
	CapMissingParent               // a span between the cause and the entry was not received
	CapRival                       // the caller's own code may have failed as well
	CapOneTrace                    // one failing trace, and no healthy one
	CapShare                       // not all failing traces have this root; the limit follows from their share
	CapUnequal                     // not all traces with this root say the same; the limit follows from the share that does
)

// limits are the most that may be claimed under each cap (section 10, and where a cap comes from).
var limits = [...]incident.Confidence{
	CapSeenFromCaller:   900_000, // section 4
	CapNoReason:         600_000, // section 4
	CapNothingBeyond:    600_000, // section 5
	CapNoErrorOfCallee:  600_000, // section 4
	CapNoTelemetry:      400_000, // section 5: below AbstainBelow, so that the report abstains
	CapGhost:            600_000, // section 5
	CapUnnamedPeer:      600_000, // section 5
	CapAmbiguous:        700_000,
	CapNoException:      700_000, // section 4
	CapReachedInLogs:    600_000, // section 5
	CapNothingToCompare: 600_000, // section 6
	CapLogsOnly:         600_000, // section 12
	CapPlatform:         800_000, // section 12
	CapMissingParent:    700_000, // section 3
	CapRival:            700_000, // section 3
	CapOneTrace:         800_000,
	CapShare:            900_000, // the limit that a share approaches
	CapUnequal:          900_000, // likewise
}

// Limit is the most that may be claimed under the cap.
func (c Cap) Limit() incident.Confidence { return limits[c] }

// The confidence that no cap sets (section 10).
const (
	// AbstainBelow is the minimum confidence for a verdict; below it the report abstains.
	AbstainBelow = incident.AbstainBelow
	// SpeaksAgainstBelow is the limit below which a cap is a point against the root cause: above, it only
	// says from where the failure was seen.
	SpeaksAgainstBelow incident.Confidence = 900_000

	// Confidence before any cap: of evidence that names the cause, that shows where it lies, and of none.
	NamedCause   incident.Confidence = 900_000
	LocatedCause incident.Confidence = 850_000
	UnknownCause incident.Confidence = 400_000

	// What an alternative is worth beside the reported cause, in tenths: the caller's own code after a
	// failed call, and the other end of a refused request.
	RivalTenths     incident.Confidence = 9
	OtherSideTenths incident.Confidence = 8
)

// The most that may be claimed of a suspect, by what there is to doubt (section 16). They were set by how often answers
// were right on all tracks of the cases of docs/accuracy.md, which has the table.
const (
	WeakLocationLimit  incident.Confidence = 400_000
	CloseLocationLimit incident.Confidence = 600_000
	FewRequestsLimit   incident.Confidence = 400_000
	// UnsettledOnsetLimit is for a verdict that would be another one OnsetAround before or after the onset that was found.
	UnsettledOnsetLimit incident.Confidence = 600_000
	OneSignalLimit      incident.Confidence = 850_000
	// ShortBaselineLimit is for fewer than MinBaselineRequests requests to compare with, where no metric shows it.
	ShortBaselineLimit incident.Confidence = 600_000
)

// ShareLimit is what may be claimed of a cause that only some of the failing traces have: from
// AbstainBelow up to the limit of CapShare.
func ShareLimit(have, of int) incident.Confidence {
	span := int64(CapShare.Limit() - AbstainBelow)
	return AbstainBelow + incident.Confidence(span*int64(have)/int64(of)) //nolint:gosec // at most the limit of CapShare
}
