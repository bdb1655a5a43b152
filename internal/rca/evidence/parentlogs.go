package evidence

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
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
	tells, isRead := false, false // whether the text says how a call went wrong
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
		if !names && !MentionsCall(text, c, dir) {
			if !isUnexplainedCall(text, c, dir) {
				continue
			}
			if !isRead {
				tells, isRead = isOfCall(text), true
			}
			if !tells {
				continue
			}
		}
		nearest, namesNearest = c, names
	}
	return nearest
}

// isUnexplainedCall reports whether a span says of a call only that it went wrong, and not to whom it was; a span
// that is not known to be a call counts where the text has its name.
func isUnexplainedCall(text string, c *trace.Node, dir *trace.Directory) bool {
	switch {
	case !failure.IsSpanError(c.Span), c.Service != c.Parent.Service, c.Span.StatusMessage != "",
		len(c.Span.Events) > 0, len(c.Children) > 0, dir.PeerOf(c).IsKnown():
		return false
	}
	return c.IsExitCall() || c.Name != "" && strings.Contains(strings.ReplaceAll(text, "%20", " "), c.Name)
}

// isOfCall reports whether a text says how a call went wrong.
func isOfCall(text string) bool {
	e := &Record{}
	e.read(nil, "", text, "")
	best := e.Best()
	return best != nil && best.IsOfCall()
}

func mayHaveFailed(n *trace.Node) bool {
	return failure.IsSpanError(n.Span) || n.Status.IsFailure()
}
