// Package routine decides which errors belong to the routine of an entry operation (docs/verdict.md, section 15):
// those that were there before, at about the same share of its requests. It is pure, and rounds alike on every
// machine, so that the same counts give the same answer.
package routine

import (
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Verdict says how an error's share compares with what was before.
type Verdict string

// The verdicts.
const (
	// NoBaseline: too little was received before to compare with.
	NoBaseline Verdict = "no_baseline"
	// New: the error was not there before, or not for long.
	New Verdict = "new"
	// Routine: it was there before, at about the same share.
	Routine Verdict = "routine"
	// Left: it was there before, and its share has left that baseline.
	Left Verdict = "left"
)

// Judgement is a verdict and what it rests on.
type Judgement struct {
	Verdict Verdict
	// Failing of Requests had the error in the baseline, without the windows in which its share left that of
	// the others.
	Failing, Requests int
	// Since is when the error was first received within the baseline; 0 where it was not.
	Since signal.Nanos
}

// count is how many of some requests had an error.
type count struct{ failing, requests int }

func (c *count) add(o count) {
	c.failing += o.failing
	c.requests += o.requests
}

// Judge compares the newest windows of a share with those before them. Of requests that failed of the error it
// compares those that failed; else all that had it.
func Judge(s incident.ErrorShare, failed bool) Judgement {
	counts := make([]count, len(s.Windows))
	for i, w := range s.Windows {
		counts[i] = count{w.Failing, w.Requests}
		if failed {
			counts[i].failing = w.Failed
		}
	}
	before := max(0, len(counts)-rules.ShareWindows)
	baseline, tested := withoutOutliers(counts[:before]), counts[before:]
	total := sum(baseline)
	j := Judgement{Failing: total.failing, Requests: total.requests, Since: firstFailing(s, counts[:before])}
	switch {
	case !isBaseline(counts[:before]):
		j.Verdict = NoBaseline
	case !wasThere(baseline), failed && isOutage(total):
		j.Verdict = New
	case allLeave(tested, total):
		j.Verdict = Left
	default:
		j.Verdict = Routine
	}
	return j
}

// isBaseline reports whether enough was received, over enough time, to compare with.
func isBaseline(windows []count) bool {
	received := time.Duration(0)
	for _, w := range windows {
		if w.requests > 0 {
			received += rules.ShareWindow
		}
	}
	return received >= rules.ShareBaselineLeast && sum(windows).requests >= rules.ShareRequests
}

// withoutOutliers leaves out the windows in which the share left that of the others, such as those of an outage,
// that of the highest share first.
func withoutOutliers(windows []count) []count {
	kept := make([]count, 0, len(windows))
	total := count{}
	for _, w := range windows {
		if w.requests > 0 {
			kept = append(kept, w)
			total.add(w)
		}
	}
	for len(kept) > 1 {
		highest := 0
		for i, w := range kept {
			if w.failing*kept[highest].requests > kept[highest].failing*w.requests {
				highest = i
			}
		}
		w := kept[highest]
		others := count{total.failing - w.failing, total.requests - w.requests}
		// The only window with the error tells of no share to leave.
		if others.failing == 0 || !leaves(w, others) {
			break
		}
		kept = append(kept[:highest], kept[highest+1:]...)
		total = others
	}
	return kept
}

// wasThere reports whether the error was there in both halves of the baseline, not far more often in the second, and
// all the time: else it is new, or was an outage, or several of them.
func wasThere(baseline []count) bool {
	first, second := sum(baseline[:len(baseline)/2]), sum(baseline[len(baseline)/2:])
	return first.failing > 0 && second.failing > 0 && !leaves(second, first) && isSpread(baseline)
}

// isSpread reports whether the error was in about as many windows as chance would spread it over. Outages that come
// again are in few windows, and of a service with few requests no single one leaves the others.
func isSpread(windows []count) bool {
	total := sum(windows)
	without := float64(total.requests-total.failing) / float64(total.requests)
	seen, expected := 0, 0.0
	for _, w := range windows {
		if w.failing > 0 {
			seen++
		}
		const nothing = 1e-9
		none := 1.0 // how likely it is that no request of the window has the error
		for i := 0; i < w.requests && none > nothing; i++ {
			none = float64(none * without)
		}
		expected += 1 - none
	}
	return float64(seen*rules.ShareSpreadOf) >= expected*rules.ShareSpread
}

// isOutage reports whether so many requests fail that it is no routine, however long it lasts: an operation that never
// worked since it was deployed, or a day without a database.
func isOutage(c count) bool { return c.failing > 0 && c.failing*rules.CriticalParts >= c.requests }

// allLeave reports whether the share left the baseline in each window.
func allLeave(windows []count, baseline count) bool {
	for _, w := range windows {
		if !leaves(w, baseline) {
			return false
		}
	}
	return true
}

// leaves reports whether the share of a window is so much above that of the baseline that chance does not explain it.
func leaves(w, baseline count) bool {
	return w.failing > 0 && w.failing*baseline.requests >= rules.ShareFactor*baseline.failing*w.requests &&
		atLeast(w.failing, w.requests, baseline.failing, baseline.requests) < rules.ShareChance
}

func sum(windows []count) (total count) {
	for _, w := range windows {
		total.add(w)
	}
	return total
}

// firstFailing is when the first window with the error began.
func firstFailing(s incident.ErrorShare, windows []count) signal.Nanos {
	for i, w := range windows {
		if w.failing > 0 {
			return signal.NanosOf(s.Until.Time().Add(-time.Duration(len(s.Windows)-i) * rules.ShareWindow))
		}
	}
	return 0
}
