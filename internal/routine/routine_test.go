package routine

import (
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// run is some windows alike.
type run struct{ windows, requests, failing, failed int }

func shareOf(runs ...run) incident.ErrorShare {
	s := incident.ErrorShare{Until: signal.NanosOf(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))}
	for _, r := range runs {
		for range r.windows {
			s.Windows = append(s.Windows, incident.ShareWindow{Requests: r.requests, Failing: r.failing, Failed: r.failed})
		}
	}
	return s
}

// Section 15: which errors are routine.
func TestSection15(t *testing.T) {
	for name, c := range map[string]struct {
		share  incident.ErrorShare
		failed bool
		want   Verdict
	}{
		"nothing was received":                        {shareOf(), false, NoBaseline},
		"25 minutes":                                  {shareOf(run{5, 100, 5, 0}, run{2, 100, 5, 0}), false, NoBaseline},
		"30 minutes":                                  {shareOf(run{6, 100, 5, 0}, run{2, 100, 5, 0}), false, Routine},
		"199 requests":                                {shareOf(run{1, 29, 1, 0}, run{5, 34, 1, 0}, run{2, 100, 5, 0}), false, NoBaseline},
		"200 requests":                                {shareOf(run{1, 30, 1, 0}, run{5, 34, 1, 0}, run{2, 100, 3, 0}), false, Routine},
		"never there before":                          {shareOf(run{72, 100, 0, 0}, run{2, 100, 5, 0}), false, New},
		"the same share":                              {shareOf(run{72, 100, 5, 0}, run{2, 100, 5, 0}), false, Routine},
		"twice the share, but too few to tell":        {shareOf(run{72, 100, 5, 0}, run{2, 100, 10, 0}), false, Routine},
		"three times the share":                       {shareOf(run{72, 1000, 50, 0}, run{2, 1000, 150, 0}), false, Left},
		"less than twice, of many":                    {shareOf(run{72, 10_000, 500, 0}, run{2, 10_000, 990, 0}), false, Routine},
		"in one window of two":                        {shareOf(run{72, 100, 5, 0}, run{1, 100, 5, 0}, run{1, 100, 90, 0}), false, Routine},
		"in the window before the last":               {shareOf(run{72, 100, 5, 0}, run{1, 100, 90, 0}, run{1, 100, 5, 0}), false, Routine},
		"every request":                               {shareOf(run{72, 100, 5, 0}, run{2, 100, 100, 0}), false, Left},
		"an earlier outage, and another":              {shareOf(run{30, 100, 0, 0}, run{12, 100, 100, 0}, run{30, 100, 0, 0}, run{2, 100, 100, 0}), false, New},
		"an earlier outage of a routine error":        {shareOf(run{30, 100, 5, 0}, run{12, 100, 100, 0}, run{30, 100, 5, 0}, run{2, 100, 5, 0}), false, Routine},
		"and another of it":                           {shareOf(run{30, 100, 5, 0}, run{12, 100, 100, 0}, run{30, 100, 5, 0}, run{2, 100, 90, 0}), false, Left},
		"outages of few requests, again and again":    {shareOf(run{14, 4, 0, 0}, run{2, 4, 4, 0}, run{14, 4, 0, 0}, run{2, 4, 4, 0}, run{14, 4, 0, 0}, run{2, 4, 4, 0}, run{14, 4, 0, 0}, run{1, 4, 4, 0}, run{1, 4, 2, 0}), false, New},
		"few requests, and some of them all the time": {shareOf(run{36, 4, 1, 0}, run{36, 4, 0, 0}, run{2, 4, 1, 0}), false, New},
		"few requests, every second window":           {shareOf(run{1, 4, 1, 0}, run{1, 4, 0, 0}, run{1, 4, 1, 0}, run{1, 4, 0, 0}, run{30, 7, 1, 0}, run{30, 4, 1, 0}, run{2, 4, 1, 0}), false, Routine},
		"requests in five windows of 30 minutes":      {shareOf(run{1, 100, 5, 0}, run{20, 0, 0, 0}, run{4, 100, 5, 0}, run{2, 100, 5, 0}), false, NoBaseline},
		"TrainTicket's outages of one service":        {shareOf(run{3, 48, 0, 0}, run{1, 47, 3, 0}, run{1, 28, 0, 0}, run{1, 16, 0, 0}, run{1, 58, 0, 0}, run{1, 68, 13, 0}, run{1, 54, 0, 0}, run{1, 89, 7, 0}, run{1, 44, 19, 0}, run{1, 92, 0, 0}, run{1, 108, 2, 0}, run{1, 9, 1, 0}, run{2, 0, 0, 0}), false, New},
		"it began an hour ago":                        {shareOf(run{60, 100, 0, 0}, run{12, 100, 1, 0}, run{2, 100, 1, 0}), false, New},
		"it began before half of the baseline":        {shareOf(run{30, 100, 0, 0}, run{42, 100, 10, 0}, run{2, 100, 10, 0}), false, New},
		"rare":                                        {shareOf(run{10, 100, 0, 0}, run{1, 100, 1, 0}, run{50, 100, 0, 0}, run{1, 100, 1, 0}, run{10, 100, 0, 0}, run{1, 100, 0, 0}, run{1, 100, 1, 0}), false, Routine},
		"requests that had it now fail of it":         {shareOf(run{72, 100, 5, 0}, run{2, 100, 5, 5}), true, New},
		"requests that had it failed of it before":    {shareOf(run{72, 100, 5, 5}, run{2, 100, 5, 5}), true, Routine},
		"windows without requests":                    {shareOf(run{10, 100, 5, 0}, run{50, 0, 0, 0}, run{10, 100, 5, 0}, run{2, 0, 0, 0}), false, Routine},
		"two of five requests fail":                   {shareOf(run{72, 100, 40, 40}, run{2, 100, 40, 40}), true, Routine},
		"half of all requests fail, and long have":    {shareOf(run{72, 100, 50, 50}, run{2, 100, 50, 50}), true, New},
		"all requests have it, and go well":           {shareOf(run{72, 100, 100, 0}, run{2, 100, 100, 0}), false, Routine},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, Judge(c.share, c.failed).Verdict) })
	}
	t.Run("what it rests on", func(t *testing.T) {
		s := shareOf(run{12, 100, 0, 0}, run{30, 100, 5, 0}, run{6, 100, 100, 0}, run{24, 100, 5, 0}, run{2, 100, 7, 0})
		j := Judge(s, false)
		assert.Equal(t, Judgement{Routine, 54 * 5, 66 * 100, signal.NanosOf(s.Until.Time().Add(-62 * rules.ShareWindow))}, j)
	})
}

// The tail is that of exact arithmetic.
func TestAtLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		k := rapid.IntRange(0, n+1).Draw(t, "k")
		requests := rapid.IntRange(1, 5000).Draw(t, "requests")
		failing := rapid.IntRange(0, requests).Draw(t, "failing")
		p := big.NewRat(int64(failing), int64(requests))
		q := new(big.Rat).Sub(big.NewRat(1, 1), p)
		tail := new(big.Rat)
		for i := max(k, 0); i <= n; i++ {
			term := new(big.Rat).SetInt(new(big.Int).Binomial(int64(n), int64(i)))
			for range i {
				term.Mul(term, p)
			}
			for range n - i {
				term.Mul(term, q)
			}
			tail.Add(tail, term)
		}
		want, _ := tail.Float64()
		require.InDelta(t, want, atLeast(k, n, failing, requests), 1e-12)
	})
	assert.Less(t, atLeast(20_000, 1_000_000, 15_000, 1_000_000), 1e-6, "of many")
	assert.Greater(t, atLeast(15_100, 1_000_000, 15_000, 1_000_000), 0.1)
}

// More failing requests in the newest windows never make an error routine that was not.
func TestMoreFailingIsNeverMoreRoutine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := rapid.Custom(func(t *rapid.T) incident.ShareWindow {
			n := rapid.IntRange(0, 2000).Draw(t, "requests")
			return incident.ShareWindow{Requests: n, Failing: rapid.IntRange(0, n).Draw(t, "failing")}
		})
		s := incident.ErrorShare{Windows: rapid.SliceOfN(window, 2, 74).Draw(t, "windows")}
		before := Judge(s, false)
		worse := incident.ErrorShare{Windows: append([]incident.ShareWindow(nil), s.Windows...)}
		for i := len(worse.Windows) - rules.ShareWindows; i < len(worse.Windows); i++ {
			w := &worse.Windows[i]
			w.Failing = rapid.IntRange(w.Failing, w.Requests).Draw(t, "more")
		}
		after := Judge(worse, false)
		if before.Verdict != Routine {
			require.Equal(t, before, after)
		} else {
			require.Contains(t, []Verdict{Routine, Left}, after.Verdict)
		}
		require.LessOrEqual(t, before.Failing, before.Requests)
	})
}
