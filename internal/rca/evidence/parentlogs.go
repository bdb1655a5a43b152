package evidence

import (
	"strings"
	"sync"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// childMeant is the failed child whose peer, exception or status an error log of its parent names
// within 50 ms of the child's end; of several one whose peer it names, then the nearest.
func childMeant(n *trace.Node, l *signal.Log, dir *trace.Directory) *trace.Node {
	if len(n.Children) == 0 {
		return nil
	}
	o := failure.ObserveLog(l)
	at := trace.InstantOf(l.EventTime()) + n.Shift
	text := ""
	why := sync.OnceValue(func() *vocabulary.Match { return mostSpecificMatch(text) })
	var nearest *trace.Node
	namesNearest := false
	for _, c := range n.Children[max(0, len(n.Children)-rules.MaxSiblings):] {
		if c.Span == nil || (at-c.End).Abs() > trace.Instant(rules.ParentLogWindow) || !mayHaveFailed(c) {
			continue
		}
		if text == "" {
			text = joinTexts(o.ErrorType, o.Message, o.Error, logText(l))
		}
		names := mentionsPeer(text, dir.PeerOf(c), c)
		if nearest != nil && (namesNearest && !names || namesNearest == names && (at-c.End).Abs() >= (at-nearest.End).Abs()) {
			continue
		}
		if names || MentionsCall(text, c, dir) || explainsCall(text, why, c, dir) {
			nearest, namesNearest = c, names
		}
	}
	return nearest
}

// explainsCall reports whether a text, given how to find its most specific match, says how a call went wrong
// of which its own span says only that it did, and not to whom it was.
func explainsCall(text string, why func() *vocabulary.Match, c *trace.Node, dir *trace.Directory) bool {
	switch {
	case !failure.IsSpanError(c.Span), c.Service != c.Parent.Service, c.Span.StatusMessage != "",
		len(c.Span.Events) > 0, len(c.Children) > 0, dir.PeerOf(c).IsKnown():
		return false
	}
	if !c.IsExitCall() && (c.Name == "" || !strings.Contains(strings.ReplaceAll(text, "%20", " "), c.Name)) {
		return false
	}
	s := why()
	return s != nil && s.IsOfCall()
}

// mostSpecificMatch is the most specific match of a text, nil where it has none.
func mostSpecificMatch(text string) *vocabulary.Match {
	e := &Record{}
	e.read(nil, "", text, "")
	return e.Best()
}

func mayHaveFailed(n *trace.Node) bool {
	return failure.IsSpanError(n.Span) || n.Status.IsFailure()
}
