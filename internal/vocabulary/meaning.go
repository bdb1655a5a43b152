package vocabulary

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Means says what an error comes to for the rules.
type Means string

// What an error may mean.
const (
	Unreachable      Means = "unreachable"       // a call failed before any response
	Refused          Means = "refused"           // the peer refused the request of this caller
	RanOut           Means = "ran_out"           // a resource ran out: whose it is says Whose
	TimedOut         Means = "timed_out"         // a deadline passed
	WrongData        Means = "wrong_data"        // what was read does not parse or validate
	AskersFault      Means = "askers_fault"      // the peer could not do what was asked, whoever had asked it
	PeersFault       Means = "peers_fault"       // the peer answered with an error of its own
	ProgrammingError Means = "programming_error" // a mistake in the code that raised it
	Cancelled        Means = "cancelled"         // whoever had asked no longer wanted the answer
	Answered         Means = "answered"          // what a client throws for an answer of status 400 or more; its text may quote the peer
	NoFailure        Means = "no_failure"        // an outcome of orderly work
	SaysNothing      Means = "says_nothing"      // an exception of which its words say no more
)

// Whose says on which side of the call an error lies.
type Whose string

// The sides of a call. Own is that of the process which recorded the error, with or without a call.
const (
	Peers   Whose = "peer"
	Callers Whose = "caller"
	Own     Whose = "own"
)

// Rank orders reasons by how specific they are, as docs/verdict.md section 7 does: the smaller wins.
type Rank int

// The ranks of reasons, most specific first.
const (
	RankCertificate Rank = iota + 1
	RankDNS
	RankUnavailable
	RankAuthentication
	RankAuthorization
	RankRateLimited
	RankPool
	RankConnectTimeout // below RankPool: waiting for a pool is told in the same words
	RankLock
	RankDatabase
	RankResource
	RankCapacity
	RankBadData
	RankProgram
	RankNetwork
	RankOrderly // what says that nothing failed counts more than a mark or a wrapper beside it
	RankPeerError
	RankTimeout
	RankCancel
	RankException
	RankUnknown
)

// Meaning is what an error means.
type Meaning struct {
	Rank     Rank
	Means    Means
	Whose    Whose
	Category incident.Category
	Class    incident.Class
	Resource string // what ran out
	// Generic is set if the same is told of many errors: anything else that is known of one says more.
	Generic bool
}

// IsAnswer reports whether the error is a peer's answer: of its own failure, or of what it was asked.
func (m *Meaning) IsAnswer() bool {
	return m.Means == PeersFault || m.Means == AskersFault || m.Means == RanOut && m.Whose == Peers
}

// IsBadStatement reports whether a store refused what it was asked: a mistake of whoever asked.
func (m *Meaning) IsBadStatement() bool {
	return m.Means == AskersFault && (m.Rank == RankDatabase || m.Rank == RankLock)
}

// IsOfCall reports whether the error is one of a call: it was not answered, or not as was asked.
func (m *Meaning) IsOfCall() bool {
	return m.Means == Unreachable || m.Means == TimedOut || m.Means == Refused || m.IsAnswer()
}

// IsOwnResource reports whether a resource of the process that recorded the error ran out.
func (m *Meaning) IsOwnResource() bool { return m.Means == RanOut && m.Whose == Own }

// MessageSize is the resource of a message that was larger than whoever sent or read it is configured to let pass.
const MessageSize = "message_size"

// IsCodes reports whether the error is one of the code that raised it, or of the data it read.
func (m *Meaning) IsCodes() bool { return m.Means == ProgrammingError || m.Means == WrongData }

// reason is a meaning that rows share, by the name under which they refer to it.
type reason struct {
	name string
	Meaning
}

// reasons are the meanings that rows can have, most specific first.
var reasons = []reason{
	{"certificate", Meaning{RankCertificate, Unreachable, Peers, incident.CategoryCertificate, incident.ClassUnavailable, "", false}},
	{"dns", Meaning{RankDNS, Unreachable, Peers, incident.CategoryDNS, incident.ClassUnavailable, "", false}},
	{"unavailable", Meaning{RankUnavailable, Unreachable, Peers, incident.CategoryDependencyUnavailable, incident.ClassUnavailable, "", false}},
	{"reset", Meaning{RankUnavailable, Unreachable, Peers, incident.CategoryDependencyUnavailable, incident.ClassUnavailable, "", false}},
	{"authentication", Meaning{RankAuthentication, Refused, Callers, incident.CategoryAuthentication, incident.ClassRefused, "", false}},
	{"authorization", Meaning{RankAuthorization, Refused, Callers, incident.CategoryAuthorization, incident.ClassRefused, "", false}},
	{"rate_limited", Meaning{RankRateLimited, RanOut, Peers, incident.CategoryRateLimited, incident.ClassResource, "", false}},
	{"pool", Meaning{RankPool, RanOut, Own, incident.CategoryConnectionPoolExhausted, incident.ClassResource, "connection_pool", false}},
	{"connect_timeout", Meaning{RankConnectTimeout, Unreachable, Peers, incident.CategoryDependencyUnavailable, incident.ClassUnavailable, "", false}},
	{"lock", Meaning{RankLock, PeersFault, Peers, incident.CategoryDatabaseLock, incident.ClassData, "", false}},
	{"conflict", Meaning{RankLock, AskersFault, Callers, incident.CategoryDatabaseLock, incident.ClassData, "", false}},
	{"store_connections", Meaning{RankDatabase, RanOut, Peers, incident.CategoryCapacity, incident.ClassResource, "", false}},
	{"store_memory", Meaning{RankDatabase, RanOut, Peers, incident.CategoryResourceMemory, incident.ClassResource, "", false}},
	{"store_disk", Meaning{RankDatabase, RanOut, Peers, incident.CategoryResourceDisk, incident.ClassResource, "", false}},
	{"bad_statement", Meaning{RankDatabase, AskersFault, Callers, incident.CategoryDatabaseError, incident.ClassData, "", false}},
	{"store_error", Meaning{RankDatabase, PeersFault, Peers, incident.CategoryDatabaseError, incident.ClassData, "", true}},
	{"memory", Meaning{RankResource, RanOut, Own, incident.CategoryResourceMemory, incident.ClassResource, "memory", false}},
	{"disk", Meaning{RankResource, RanOut, Own, incident.CategoryResourceDisk, incident.ClassResource, "disk", false}},
	{"cpu", Meaning{RankResource, RanOut, Own, incident.CategoryResourceCPU, incident.ClassResource, "cpu", false}},
	{"threads", Meaning{RankCapacity, RanOut, Own, incident.CategoryCapacity, incident.ClassResource, "threads", false}},
	{"file_descriptors", Meaning{RankCapacity, RanOut, Own, incident.CategoryCapacity, incident.ClassResource, "file_descriptors", false}},
	{"message_size", Meaning{RankCapacity, RanOut, Own, incident.CategoryCapacity, incident.ClassResource, MessageSize, false}},
	{"capacity", Meaning{RankCapacity, RanOut, Own, incident.CategoryCapacity, incident.ClassResource, "capacity", false}},
	{"overloaded", Meaning{RankCapacity, RanOut, Peers, incident.CategoryCapacity, incident.ClassResource, "", false}},
	{"bad_data", Meaning{RankBadData, WrongData, Own, incident.CategoryBadData, incident.ClassException, "", false}},
	{"program", Meaning{RankProgram, ProgrammingError, Own, incident.CategoryCodeException, incident.ClassException, "", false}},
	{"network", Meaning{RankNetwork, Unreachable, Peers, incident.CategoryNetwork, incident.ClassUnavailable, "", false}},
	{"no_failure", Meaning{RankOrderly, NoFailure, Own, incident.CategoryUnknown, "", "", false}},
	{"peer_unavailable", Meaning{RankPeerError, PeersFault, Peers, incident.CategoryDependencyUnavailable, incident.ClassUnavailable, "", true}},
	{"peer_error", Meaning{RankPeerError, PeersFault, Peers, incident.CategoryUnknown, incident.ClassData, "", true}},
	{"rejected", Meaning{RankPeerError, AskersFault, Callers, incident.CategoryBadData, incident.ClassData, "", true}},
	{"timeout", Meaning{RankTimeout, TimedOut, Peers, incident.CategoryTimeout, incident.ClassTimeout, "", true}},
	{"client_left", Meaning{RankCancel, Cancelled, Callers, incident.CategoryUnknown, "", "", false}},
	{"cancelled", Meaning{RankCancel, Cancelled, Own, incident.CategoryUnknown, "", "", false}},
	{"answered", Meaning{RankException, Answered, Own, incident.CategoryCodeException, incident.ClassException, "", true}},
	{"exception", Meaning{RankException, SaysNothing, Own, incident.CategoryCodeException, incident.ClassException, "", true}},
	{"unknown", Meaning{RankUnknown, SaysNothing, Own, incident.CategoryUnknown, "", "", true}},
}

// Rows that no word or code tells: the meaning follows from the shape of telemetry.
var (
	PoolWait   = rowOfReason("pool")        // a span waited for a connection and failed
	CallerLeft = rowOfReason("client_left") // calls below were cancelled, and nothing else failed
	GaveUp     = rowOfReason("timeout")     // a service cancelled its own work while its caller waited
	Thrown     = rowOfReason("exception")   // something was thrown
	Unknown    = rowOfReason("unknown")     // nothing is known
)

func rowOfReason(name string) *Row {
	i := slices.IndexFunc(reasons, func(r reason) bool { return r.name == name })
	return &Row{ID: name, Meaning: reasons[i].Meaning}
}
