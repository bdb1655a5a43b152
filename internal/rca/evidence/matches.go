package evidence

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// readMatches finds what the codes, exceptions and words of a record mean. What its span's attributes say
// counts for an exception of that span too.
func (e *Record) readMatches(n *trace.Node) {
	rec := vocabulary.Record{Text: e.Whole}
	for _, x := range e.Exceptions {
		for ; x != nil; x = x.Cause {
			rec.Exceptions = append(rec.Exceptions, vocabulary.Exception{Type: x.Type, Message: x.Message})
			if x.Code != "" {
				rec.Codes = append(rec.Codes, vocabulary.Code{System: "errno", Code: x.Code})
			}
		}
	}
	if n != nil {
		rec.System, rec.Language, rec.IsCall = semconv.PeerSystem(n.Attributes()), n.Resource().Language(), n.IsExitCall()
	}
	if state := vocabulary.SQLStateIn(e.Whole); state != "" {
		rec.Codes = append(rec.Codes, vocabulary.Code{System: "sqlstate", Code: state, IsStores: true})
	}
	if n != nil && e.Observed.Kind != failure.KindLog {
		rec.Codes = append(rec.Codes, storeCodes(n)...)
		for _, flag := range semconv.ProxyFlags(n.Attributes()) {
			rec.Codes = append(rec.Codes, vocabulary.Code{System: "envoy", Code: flag})
		}
	}
	if code := e.Observed.ErrorCode; code != "" {
		rec.Codes = append(rec.Codes, vocabulary.Code{System: "errno", Code: code}, vocabulary.Code{System: "prisma", Code: code})
	}
	rec.Codes = e.appendStatusCodes(rec.Codes)
	e.Matches = vocabulary.Read(rec)
	e.takeStatuses()
	if e.HTTP >= 400 && e.isFromClient() {
		e.dropQuotedMatches()
	}
	e.dropRefutedMatches()
	if len(e.Exceptions) > 0 {
		e.addMatch(vocabulary.Of(vocabulary.Thrown))
	}
}

// storeCodes are the codes with which a store answered, as the span's attributes have them.
func storeCodes(n *trace.Node) []vocabulary.Code {
	attrs := n.Attributes()
	if state := semconv.SQLState(attrs); state != "" {
		return []vocabulary.Code{{System: "sqlstate", Code: state, IsStores: true}}
	}
	if code := semconv.DBStatus(attrs); code != "" {
		return []vocabulary.Code{{System: semconv.DBSystem(attrs), Code: code, IsStores: true}}
	}
	return nil
}

// appendStatusCodes appends the statuses with which a peer answered: that of the call, else the ones that the
// text cites.
func (e *Record) appendStatusCodes(codes []vocabulary.Code) []vocabulary.Code {
	if e.HTTP == 0 {
		e.HTTP = vocabulary.HTTPStatusIn(e.Whole)
	}
	if e.RPC == "" {
		e.RPC = vocabulary.RPCStatusIn(e.Whole)
	}
	if e.HTTP >= 400 {
		codes = append(codes, vocabulary.Code{System: "http", Code: strconv.Itoa(e.HTTP)})
	}
	if e.RPC != "" {
		codes = append(codes, vocabulary.Code{System: "grpc", Code: e.RPC})
	}
	return codes
}

// takeStatuses takes the statuses that a client's own words cite.
func (e *Record) takeStatuses() {
	for i := range e.Matches {
		switch code := e.Matches[i].Code; {
		case code.System == "http" && e.HTTP == 0:
			e.HTTP, _ = strconv.Atoi(code.Code)
		case code.System == "grpc" && e.RPC == "":
			e.RPC = string(semconv.RPCStatusNamed(code.Code))
		}
	}
}

// MatchesOf is what the rows of the vocabulary say of one exception, given its text.
func MatchesOf(x *failure.Exception, text string) []vocabulary.Match {
	return vocabulary.Read(vocabulary.Record{Text: text, Exceptions: []vocabulary.Exception{{Type: x.Type, Message: x.Message}}})
}

// isFromClient reports whether the record is that of a client which was answered with an error; the
// peer's body often follows.
func (e *Record) isFromClient() bool {
	return e.hasMatch(func(s vocabulary.Match) bool { return s.Means == vocabulary.Answered })
}

// dropQuotedMatches drops the matches of programming and data errors: the exceptions that the body of
// an answer names were thrown by the peer.
func (e *Record) dropQuotedMatches() {
	e.Matches = slices.DeleteFunc(e.Matches, func(s vocabulary.Match) bool { return s.IsCodes() })
}

// dropRefutedMatches drops the matches of a connection that could not be opened where the record tells that
// the client closed it.
func (e *Record) dropRefutedMatches() {
	if e.hasMatch(func(s vocabulary.Match) bool { return s.Means == vocabulary.Cancelled && s.Whose == vocabulary.Callers }) {
		e.Matches = slices.DeleteFunc(e.Matches, func(s vocabulary.Match) bool { return s.Means == vocabulary.Unreachable })
	}
}

// isAcquire reports whether the span waits for a connection of a pool.
func isAcquire(n *trace.Node) bool {
	name := strings.ToLower(n.Name)
	return strings.Contains(name, "pool.acquire") || strings.Contains(name, "pool acquire") || strings.Contains(name, "acquire connection") ||
		strings.HasSuffix(name, ".getconnection") || name == "getconnection"
}

func (e *Record) hasMatch(is func(vocabulary.Match) bool) bool {
	return slices.ContainsFunc(e.Matches, is)
}

// addMatch enters a match by its rank.
func (e *Record) addMatch(s vocabulary.Match) {
	at := slices.IndexFunc(e.Matches, func(have vocabulary.Match) bool { return s.Rank < have.Rank })
	if at < 0 {
		at = len(e.Matches)
	}
	e.Matches = slices.Insert(e.Matches, at, s)
}

// Best is the most specific match, nil where the record has none.
func (e *Record) Best() *vocabulary.Match {
	if len(e.Matches) == 0 {
		return nil
	}
	return &e.Matches[0]
}
