package record

import (
	"time"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	// MostCounted bounds what is counted of a tenant in one minute: entry operations, those with most requests,
	// and errors of them, those with most traces.
	MostCounted = 500
	// MostOfName bounds the names by which minutes are counted, in characters.
	MostOfName = 200
	// CountedOnce is how long before its minute a request is looked for that was received before: it counts
	// when it came first.
	CountedOnce = time.Hour
)

// MinuteOf is the minute of receipt that a time is in.
func MinuteOf(t time.Time) int64 { return NanosOf(t) / time.Minute.Nanoseconds() }

// StartOf is when a minute of receipt began.
func StartOf(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }

// CountedName is a name as minutes are counted by it.
func CountedName(name string) string {
	if utf8.RuneCountInString(name) <= MostOfName {
		return name
	}
	return string([]rune(name)[:MostOfName])
}

// ShareMinutes are the minutes that a query for a share is about: First inclusive, End exclusive.
type ShareMinutes struct{ First, End int64 }

// minutesOf a window of shares.
const minutesOf = int64(rules.ShareWindow / time.Minute)

// MinutesOf are the whole minutes before a query's time.
func MinutesOf(q store.ShareQuery) ShareMinutes {
	end := MinuteOf(q.Until)
	return ShareMinutes{max(0, end-int64(rules.ShareBaseline/time.Minute)-rules.ShareWindows*minutesOf), end}
}

// Of is the window that a minute is in, counted from the first.
func (m ShareMinutes) Of(minute int64) int { return int((minute - m.First) / minutesOf) }

// NewShare is the answer to a query for a share, with nothing counted.
func NewShare(q store.ShareQuery) incident.ErrorShare {
	m := MinutesOf(q)
	return incident.ErrorShare{
		Service: q.Service, Operation: q.Operation, Signature: q.Signature, Until: signal.NanosOf(StartOf(m.End)),
		Windows: make([]incident.ShareWindow, (m.End-m.First+minutesOf-1)/minutesOf),
	}
}
