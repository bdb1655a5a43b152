package incident

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

var (
	now   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	onset = time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
)

// world is what a backend keeps, in memory.
type world struct {
	t         require.TestingT
	now       time.Time
	policy    Policy
	incidents []*Incident
	links     map[string][]Link // by failure
	joined    map[string]string // keys that lead to incidents
	opened    *Openings
	made      int
}

func newWorld(t require.TestingT) *world {
	return &world{t: t, now: now, policy: Policy{MaxNewIncidents: 100, LateWindow: time.Hour, ResolveAfter: 30 * time.Minute}, links: map[string][]Link{}, joined: map[string]string{}, opened: NewOpenings()}
}

// classify applies a classification and saves the decision as a backend does.
func (w *world) classify(o Occurrence) Decision {
	d := Situation{Links: w.links[o.Key], Incidents: w.incidents, Opened: w.opened, Joined: maps.Clone(w.joined)}.Apply(o, w.policy, w.now, func() string {
		w.made++
		return fmt.Sprint("incident ", w.made)
	})
	for _, in := range d.Changed {
		if !slices.Contains(w.incidents, in) {
			w.incidents = append(w.incidents, in)
		}
	}
	w.links[o.Key] = d.Links
	for _, e := range d.History {
		if e.Action == ActionRekeyed {
			maps.DeleteFunc(w.joined, func(_, id string) bool { return id == e.IncidentID })
		}
	}
	for _, a := range d.Aliases {
		w.joined[a.Signature] = a.IncidentID
	}
	for _, m := range d.Merges {
		w.move(m)
	}
	for _, id := range d.Recount {
		w.recount(id)
	}
	return d
}

// severity is the worst of an incident's failures, as backends read it.
func (w *world) severity(in *Incident) (worst Severity) {
	if in.Routine != nil {
		return SeverityLow
	}
	for _, links := range w.links {
		for _, l := range links {
			if l.IncidentID == in.ID {
				worst = WorseSeverity(worst, l.Severity)
			}
		}
	}
	return worst
}

func (w *world) move(m Merge) {
	for _, in := range w.incidents {
		if in.MergedInto == m.From {
			in.MergedInto = m.Into
		}
	}
	for key, links := range w.links {
		for i := range links {
			if links[i].IncidentID == m.From {
				w.links[key][i].IncidentID = m.Into
			}
		}
	}
}

func (w *world) recount(id string) {
	in := w.incident(id)
	in.FailingTraces, in.Errors, in.ErrorSignals = 0, 0, 0
	for _, links := range w.links {
		for _, k := range links {
			if k.IncidentID == id {
				in.FailingTraces++
				in.Errors += k.Errors
				in.ErrorSignals += k.ErrorSignals
			}
		}
	}
}

func (w *world) incident(id string) *Incident {
	for _, in := range w.incidents {
		if in.ID == id {
			return in
		}
	}
	require.Fail(w.t, "no incident", id)
	return nil
}

// living are the incidents a list shows.
func (w *world) living() (list []*Incident) {
	for _, in := range w.incidents {
		if in.MergedInto == "" && in.FailingTraces > 0 {
			list = append(list, in)
		}
	}
	return list
}

func rootOf(signature, service string) Root {
	return Root{Signature: signature, Service: service, Component: service, Title: signature + " in " + service, Onset: signal.NanosOf(onset), Errors: 1, ErrorSignals: 3}
}

func failed(key string, roots ...Root) Occurrence {
	o := Occurrence{
		Classification: Classification{
			Key: key, State: FailureClassified, Roots: roots, Outcome: OutcomeFailed, Services: []string{"gateway"},
			FirstError: signal.NanosOf(onset), LastError: signal.NanosOf(onset.Add(time.Second)),
		},
		FirstReceived: now, LastReceived: now,
	}
	if len(roots) == 0 {
		o.State = FailureDismissed
	}
	return o
}

func TestApplyOpens(t *testing.T) {
	w := newWorld(t)
	d := w.classify(failed("a", rootOf("r", "payment")))
	require.Len(t, d.Changed, 1)
	in := d.Changed[0]
	assert.Equal(t, []string{in.ID}, d.Opened)
	assert.Equal(t, []string{in.ID}, d.Triggered)
	assert.Equal(t, []Entry{{IncidentID: in.ID, Action: ActionOpened, ToSignature: "r", Reason: ReasonOpened}}, d.History)
	assert.Equal(t, StatusOpen, in.Status)
	assert.Equal(t, now, in.OpenedAt)
	assert.Equal(t, int64(1), in.Wanted)
	assert.Equal(t, ReasonOpened, in.WantReason)
	assert.Equal(t, 1, in.FailingTraces)
	assert.Equal(t, 3, in.ErrorSignals)
	assert.True(t, onset.Equal(in.FirstSeen))
	assert.True(t, onset.Add(time.Second).Equal(in.LastSeen))
	assert.Equal(t, now, in.LastFailureAt)
}

// An incident that is opened is known by its keys, unless another open one is.
func TestApplyRegistersKeys(t *testing.T) {
	named := rootOf("mongo-0", "orders")
	named.KnownAs, named.Parts.Version = []string{"mongodb of orders"}, 2
	opened := Situation{}.Apply(failed("a", named), Policy{}, now, func() string { return "i1" })
	assert.Equal(t, []Alias{{Signature: "mongodb of orders", Version: 2, IncidentID: "i1"}}, opened.Aliases)
	joined := map[string]string{"mongodb of orders": "i1"}
	again := Situation{Incidents: opened.Changed, Joined: joined}.Apply(failed("b", named), Policy{}, now, func() string { return "i2" })
	assert.Empty(t, again.Aliases)
	other := rootOf("mongo-1", "orders")
	other.KnownAs = named.KnownAs
	beside := Situation{Incidents: opened.Changed, Joined: joined}.Apply(failed("b", other), Policy{}, now, func() string { return "i2" })
	assert.Equal(t, []string{"i2"}, beside.Opened)
	assert.Empty(t, beside.Aliases)
	less := Situation{Incidents: opened.Changed, Joined: joined}.
		Apply(failed("c", rootOf("mongodb of orders", "orders")), Policy{}, now, func() string { return "i2" })
	assert.Empty(t, less.Opened)
	assert.Equal(t, "i1", less.Links[0].IncidentID)
}

// Which of two roots with one cause was seen first makes no difference, and one that shares the cause of both makes
// their incidents one.
func TestApplyUnites(t *testing.T) {
	wait, edge, slow, db := rootOf("wait", "b"), rootOf("edge", "b"), rootOf("slow", "b"), rootOf("db", "b")
	wait.Parts.Kind, edge.Parts.Kind, slow.Parts.Kind, db.Parts.Kind = KindUnknown, KindEdge, KindSlow, KindDependency
	wait.Joins, edge.Joins, slow.Joins = []string{"db", "slow", "edge"}, []string{"db", "slow"}, []string{"db"}
	edge.Takes, slow.Takes, db.Takes = []string{"wait"}, []string{"edge", "wait"}, []string{"slow", "edge", "wait"}
	later := func(r Root) Occurrence {
		o := failed("later", r)
		r.Onset = signal.NanosOf(onset.Add(time.Hour))
		o.Roots, o.FirstError, o.LastError = []Root{r}, r.Onset, r.Onset
		return o
	}
	tests := map[string]struct {
		roots []Root
		last  *Occurrence
		want  map[string]int // root signature → failures
	}{
		"less comes first":           {[]Root{wait, db}, nil, map[string]int{"db": 2}},
		"more comes first":           {[]Root{db, wait}, nil, map[string]int{"db": 2}},
		"three, the least first":     {[]Root{wait, edge, slow, wait}, nil, map[string]int{"slow": 4}},
		"three, from the middle":     {[]Root{edge, wait, slow, edge}, nil, map[string]int{"slow": 4}},
		"bridged":                    {[]Root{rootOf("wait", "b"), rootOf("slow", "b"), slow}, nil, map[string]int{"slow": 3}},
		"bridged by what tells less": {[]Root{rootOf("edge", "b"), rootOf("slow", "b"), edge}, nil, map[string]int{"slow": 3}},
		"bridged by a third":         {[]Root{rootOf("wait", "b"), rootOf("slow", "b"), edge}, nil, map[string]int{"slow": 3}},
		"another time":               {[]Root{wait}, ptr(later(db)), map[string]int{"wait": 1, "db": 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i, r := range test.roots {
				w.classify(failed(strconv.Itoa(i), r))
				w.now = w.now.Add(time.Second)
			}
			if test.last != nil {
				w.classify(*test.last)
			}
			got := map[string]int{}
			for _, in := range w.living() {
				got[in.RootSignature] = in.FailingTraces
			}
			assert.Equal(t, test.want, got)
			assert.Equal(t, "incident 1", w.living()[0].ID, "the oldest goes on")
			w.check()
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestApplyPlacesRoots(t *testing.T) {
	joining := rootOf("timeout", "payment")
	joining.Joins = []string{"unavailable"}
	later := joining
	later.Onset = signal.NanosOf(onset.Add(time.Hour))
	apart := failed("b", later)
	apart.FirstError, apart.LastError = later.Onset, later.Onset
	tests := map[string]struct {
		before []Occurrence
		last   Occurrence
		want   map[string][]string // root signature of living incidents → their failures
	}{
		"same root":              {[]Occurrence{failed("a", rootOf("r", "x"))}, failed("b", rootOf("r", "x")), map[string][]string{"r": {"a", "b"}}},
		"another root":           {[]Occurrence{failed("a", rootOf("r", "x"))}, failed("b", rootOf("s", "x")), map[string][]string{"r": {"a"}, "s": {"b"}}},
		"two roots":              {nil, failed("a", rootOf("r", "x"), rootOf("s", "y")), map[string][]string{"r": {"a"}, "s": {"a"}}},
		"two of one signature":   {nil, failed("a", rootOf("r", "x"), rootOf("r", "x")), map[string][]string{"r": {"a"}}},
		"none":                   {nil, failed("a"), map[string][]string{}},
		"joins":                  {[]Occurrence{failed("a", rootOf("unavailable", "x"))}, failed("b", joining), map[string][]string{"unavailable": {"a", "b"}}},
		"both join in one":       {[]Occurrence{failed("a", rootOf("unavailable", "x"))}, failed("b", joining, rootOf("unavailable", "x")), map[string][]string{"unavailable": {"a", "b"}}},
		"joins what opens too":   {nil, failed("a", joining, rootOf("unavailable", "x")), map[string][]string{"unavailable": {"a"}}},
		"nothing to join":        {nil, failed("b", joining), map[string][]string{"timeout": {"b"}}},
		"too far apart to join":  {[]Occurrence{failed("a", rootOf("unavailable", "x"))}, apart, map[string][]string{"unavailable": {"a"}, "timeout": {"b"}}},
		"moves alone":            {[]Occurrence{failed("a", rootOf("r", "x"))}, failed("a", rootOf("s", "x")), map[string][]string{"s": {"a"}}},
		"moves from others":      {[]Occurrence{failed("a", rootOf("r", "x")), failed("b", rootOf("r", "x"))}, failed("a", rootOf("s", "x")), map[string][]string{"r": {"b"}, "s": {"a"}}},
		"moves to others":        {[]Occurrence{failed("a", rootOf("r", "x")), failed("b", rootOf("s", "x"))}, failed("b", rootOf("r", "x")), map[string][]string{"r": {"a", "b"}}},
		"older moves to younger": {[]Occurrence{failed("a", rootOf("r", "x")), failed("b", rootOf("s", "x"))}, failed("a", rootOf("s", "x")), map[string][]string{"s": {"a", "b"}}},
		"gains a root":           {[]Occurrence{failed("a", rootOf("r", "x"))}, failed("a", rootOf("r", "x"), rootOf("s", "x")), map[string][]string{"r": {"a"}, "s": {"a"}}},
		"loses a root":           {[]Occurrence{failed("a", rootOf("r", "x"), rootOf("s", "x"))}, failed("a", rootOf("r", "x")), map[string][]string{"r": {"a"}}},
		"swaps one of two":       {[]Occurrence{failed("a", rootOf("r", "x"), rootOf("s", "x"))}, failed("a", rootOf("r", "x"), rootOf("q", "x")), map[string][]string{"r": {"a"}, "q": {"a"}}},
		"dismissed":              {[]Occurrence{failed("a", rootOf("r", "x")), failed("b", rootOf("r", "x"))}, failed("a"), map[string][]string{"r": {"b"}}},
		"withdrawn":              {[]Occurrence{failed("a", rootOf("r", "x"))}, failed("a"), map[string][]string{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, o := range test.before {
				w.classify(o)
				w.now = w.now.Add(time.Second)
			}
			w.classify(test.last)
			got := map[string][]string{}
			for _, in := range w.living() {
				got[in.RootSignature] = w.failuresOf(in.ID)
			}
			assert.Equal(t, test.want, got)
			w.check()
		})
	}
}

func (w *world) failuresOf(id string) (keys []string) {
	for key, links := range w.links {
		for _, k := range links {
			if k.IncidentID == id {
				keys = append(keys, key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// check holds what must be true of every world.
func (w *world) check() {
	t := w.t
	byRoot := map[string]string{}
	for _, in := range w.incidents {
		if in.MergedInto != "" {
			assert.Empty(t, w.failuresOf(in.ID), "%s is merged", in.ID)
			assert.Empty(t, w.incident(in.MergedInto).MergedInto, "a redirect ends at a living incident")
			continue
		}
		assert.NotContains(t, byRoot, in.RootSignature, "one incident a root")
		byRoot[in.RootSignature] = in.ID
		traces, errors, signals := in.FailingTraces, in.Errors, in.ErrorSignals
		w.recount(in.ID)
		assert.Equal(t, []int{in.FailingTraces, in.Errors, in.ErrorSignals}, []int{traces, errors, signals}, "counts of %s", in.ID)
		assert.Equal(t, in.FailingTraces == 0, len(w.failuresOf(in.ID)) == 0)
		assert.GreaterOrEqual(t, in.Wanted, in.Done)
		assert.Equal(t, in.FailingTraces == 0, in.Wanted == in.Done && in.Status == StatusResolved, "withdrawn, or analysed")
	}
	for key, links := range w.links {
		seen := map[string]bool{}
		for _, k := range links {
			assert.False(t, seen[k.IncidentID], "failure %s is linked twice", key)
			seen[k.IncidentID] = true
		}
	}
}

// TestApplyKeepsItsPromises classifies failures in any order, again and again.
func TestApplyKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(rt)
		w.policy.MaxNewIncidents = rapid.IntRange(0, 3).Draw(rt, "max new incidents")
		ids := map[string]bool{}
		for range rapid.IntRange(1, 25).Draw(rt, "classifications") {
			w.now = w.now.Add(time.Second)
			o := failed(rapid.StringMatching("[a-d]").Draw(rt, "failure"))
			for _, signature := range rapid.SliceOfNDistinct(rapid.StringMatching("[p-t]"), 0, 3, rapid.ID).Draw(rt, "roots") {
				r := rootOf(signature, "service")
				switch signature {
				case "t":
					r.Joins, r.KnownAs = []string{"s", "known as s"}, []string{"known as t"}
				case "s":
					r.Takes, r.KnownAs, r.Parts.Kind = []string{"t", "known as t"}, []string{"known as s"}, KindSlow
				}
				o.Roots = append(o.Roots, r)
			}
			w.classify(o)
			before := w.failuresByIncident()
			w.now = w.now.Add(time.Second)
			w.classify(o)
			if !w.joining(o) {
				assert.Equal(rt, before, w.failuresByIncident(), "again changes nothing")
			}
			for _, in := range w.incidents {
				ids[in.ID] = true
			}
		}
		assert.Len(rt, w.incidents, len(ids), "an incident's ID never changes")
		w.check()
	})
}

// joining reports whether a root would rather be with another incident that may have opened since.
func (w *world) joining(o Occurrence) bool {
	return slices.ContainsFunc(o.Roots, func(r Root) bool { return len(r.Joins)+len(r.Takes) > 0 })
}

func (w *world) failuresByIncident() map[string][]string {
	m := map[string][]string{}
	for _, in := range w.living() {
		m[in.ID] = w.failuresOf(in.ID)
	}
	return m
}

func TestApplyRedirectsToTheSurvivor(t *testing.T) {
	w := newWorld(t)
	older := w.classify(failed("a", rootOf("r", "x"))).Opened[0]
	w.now = w.now.Add(time.Minute)
	younger := w.classify(failed("b", rootOf("s", "y"))).Opened[0]
	d := w.classify(failed("a", rootOf("s", "y")))
	assert.Equal(t, []Merge{{From: younger, Into: older}}, d.Merges)
	assert.Equal(t, []Entry{
		{IncidentID: older, Action: ActionRekeyed, FromSignature: "r", ToSignature: "s", Reason: ReasonLateSignals},
		{IncidentID: younger, Action: ActionMerged, OtherID: older, FromSignature: "s", ToSignature: "s", Reason: ReasonLateSignals},
	}, d.History)
	in := w.incident(older)
	assert.Equal(t, "s in y", in.Title)
	assert.Equal(t, "y", in.RootCause.Service)
	assert.Equal(t, ReasonOpened, in.WantReason, "it was never analysed")
	assert.Equal(t, older, w.incident(younger).MergedInto)
	assert.Equal(t, []string{"a", "b"}, w.failuresOf(older))
}

func TestApplyBoundsFloods(t *testing.T) {
	w := newWorld(t)
	w.policy.MaxNewIncidents = 2
	for i := range 6 {
		w.classify(failed(strconv.Itoa(i), rootOf(fmt.Sprint("r", i), "payment")))
	}
	w.classify(failed("other", rootOf("other", "gateway")))
	var got []string
	for _, in := range w.living() {
		got = append(got, fmt.Sprint(in.RootSignature, " ", in.Ungrouped, " ", in.FailingTraces))
	}
	assert.ElementsMatch(t, []string{"r0 false 1", "r1 false 1", "ungrouped:payment true 4", "other false 1"}, got)
	w.opened = NewOpenings() // an hour later
	w.classify(failed("5", rootOf("r5", "payment")))
	assert.Len(t, w.failuresOf("incident 3"), 4, "what was not told apart stays so")
	w.classify(failed("6", rootOf("r6", "payment")))
	assert.Len(t, w.living(), 5)
}

func TestTriggers(t *testing.T) {
	analysed := func(in *Incident) {
		in.Done, in.WantReason, in.WantDue, in.AnalysisState, in.AnalysedAt = in.Wanted, "", time.Time{}, AnalysisDone, now
	}
	resolved := func(in *Incident) {
		at := now.Add(time.Minute)
		analysed(in)
		in.Status, in.ResolvedAt = StatusResolved, &at
	}
	again := failed("a", rootOf("r", "x"))
	newer := failed("b", rootOf("r", "x"))
	newer.LastReceived = now.Add(time.Hour)
	newer.LastError += signal.Nanos(time.Hour)
	backlog := failed("b", rootOf("r", "x"))
	backlog.LastReceived = now.Add(time.Hour)
	undated := failed("b", Root{Signature: "r", Service: "x"})
	undated.FirstError, undated.LastError = 0, 0
	undated.FirstReceived, undated.LastReceived = now.Add(time.Hour), now.Add(time.Hour)
	wider := failed("b", rootOf("r", "x"))
	wider.Services = []string{"gateway", "mobile"}
	old := failed("a", rootOf("r", "x"))
	old.FirstReceived = now.Add(-2 * time.Hour)
	tests := map[string]struct {
		prepare func(*Incident)
		last    Occurrence
		reason  string
		due     time.Duration
	}{
		"one more":               {analysed, failed("b", rootOf("r", "x")), ReasonGrew, time.Minute},
		"a wider scope":          {analysed, wider, ReasonNewScope, 0},
		"resolved, failed again": {resolved, newer, ReasonRegressed, 0},
		"resolved, a backlog":    {resolved, backlog, ReasonGrew, time.Minute},
		"resolved, no time":      {resolved, undated, ReasonRegressed, 0},
		"resolved, an old one":   {resolved, failed("b", rootOf("r", "x")), ReasonGrew, time.Minute},
		"late":                   {analysed, again, ReasonLateSignals, time.Minute},
		"late, third time":       {func(in *Incident) { analysed(in); in.LateRuns = 2 }, again, ReasonLateSignals, 4 * time.Minute},
		"late, often":            {func(in *Incident) { analysed(in); in.LateRuns = 60 }, again, ReasonLateSignals, time.Hour},
		"too late":               {analysed, old, "", 0},
		"late, not begun":        {func(*Incident) {}, again, ReasonOpened, 0},
		"late, while running": {func(in *Incident) {
			analysed(in)
			in.Wanted, in.AnalysisState = in.Wanted+1, AnalysisRunning
		}, again, ReasonLateSignals, time.Minute},
		"moved": {analysed, failed("a", rootOf("s", "x")), ReasonLateSignals, 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.classify(failed("a", rootOf("r", "x")))
			test.prepare(w.incidents[0])
			wanted := w.incidents[0].Wanted
			d := w.classify(test.last)
			in := w.incidents[0]
			assert.Equal(t, test.reason, in.WantReason)
			if test.due == 0 {
				assert.Zero(t, in.WantDue)
			} else {
				assert.Equal(t, test.due, in.WantDue.Sub(now))
			}
			now := test.reason != "" && test.due == 0 && in.Wanted > wanted
			assert.Equal(t, now, len(d.Triggered) > 0, "wanted at once")
		})
	}
}

func TestGrowthTriggersAtTenfold(t *testing.T) {
	w := newWorld(t)
	var at []int
	for i := 1; i <= 1200; i++ {
		w.classify(failed(strconv.Itoa(i), rootOf("r", "x")))
		in := w.incidents[0]
		if in.WantReason == ReasonGrew {
			at = append(at, i)
		}
		in.WantReason, in.Done = "", in.Wanted
	}
	assert.Equal(t, []int{2, 10, 100, 1000}, at)
}

func TestWantKeepsTheWeightiestReasonAndTheEarliestTime(t *testing.T) {
	in := &Incident{AnalysisState: AnalysisFailed}
	in.Want(ReasonLateSignals, now)
	assert.Equal(t, AnalysisPending, in.AnalysisState, "an analysis that was given up is taken up again")
	assert.Equal(t, now, in.WantDue)
	in.Want(ReasonGrew, time.Time{})
	assert.Equal(t, ReasonGrew, in.WantReason)
	assert.Zero(t, in.WantDue)
	in.Want(ReasonLateSignals, now)
	assert.Equal(t, ReasonGrew, in.WantReason)
	assert.Zero(t, in.WantDue)
	assert.Equal(t, int64(3), in.Wanted)
}

func TestEventTimesMayBeMissing(t *testing.T) {
	w := newWorld(t)
	o := failed("a", rootOf("r", "x"))
	o.FirstError, o.LastError, o.Roots[0].Onset = 0, 0, 0
	w.classify(o)
	assert.True(t, now.Equal(w.incidents[0].FirstSeen), "the time of receipt serves")
	assert.True(t, now.Equal(w.incidents[0].LastSeen))
}

func TestApplyKeepsWhatJoined(t *testing.T) {
	w := newWorld(t)
	in := w.classify(failed("a", rootOf("unavailable", "x"))).Changed[0]
	joining := rootOf("timeout", "payment")
	joining.Joins = []string{"unavailable"}
	w.classify(failed("b", joining))
	in.Status, in.ResolvedAt = StatusResolved, &w.now
	w.classify(failed("b", joining))
	assert.Equal(t, []string{"a", "b"}, w.failuresOf(in.ID))
	assert.Equal(t, StatusResolved, in.Status, "late signals are no new failure")
	assert.Len(t, w.incidents, 1)
	w.check()
}

func TestApplyAnalysesWhatLostAFailure(t *testing.T) {
	for name, last := range map[string]Occurrence{"moved": failed("a", rootOf("s", "x")), "dismissed": failed("a")} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			in := w.classify(failed("a", rootOf("r", "x"))).Changed[0]
			w.classify(failed("b", rootOf("r", "x")))
			in.Done, in.WantReason, in.AnalysedAt = in.Wanted, "", w.now
			w.classify(last)
			assert.Greater(t, in.Wanted, in.Done, "its report may rest on the failure that left")
			assert.Equal(t, ReasonLateSignals, in.WantReason)
		})
	}
}

// Section 15: an incident is routine while all of its newer failures are, and none again once one is not.
func TestRoutine(t *testing.T) {
	usual := &Routine{Failing: 5, Requests: 100}
	type step struct {
		after   time.Duration
		routine *Routine
		outcome Outcome
		want    Severity
		is      bool
		reason  string // of an analysis that it asks for
	}
	for name, steps := range map[string][]step{
		"known from the beginning": {{0, usual, OutcomeFailed, SeverityLow, true, ReasonOpened}, {time.Minute, usual, OutcomeFailed, SeverityLow, true, ""}},
		"new, and routine later": {
			{0, nil, OutcomeFailed, SeverityHigh, false, ReasonOpened}, {5 * time.Minute, usual, OutcomeFailed, SeverityHigh, false, ""},
			{10 * time.Minute, usual, OutcomeFailed, SeverityLow, true, ReasonRoutine}, {11 * time.Minute, usual, OutcomeFailed, SeverityLow, true, ""},
		},
		"another entry of which it is none": {
			{0, nil, OutcomeFailed, SeverityHigh, false, ReasonOpened}, {9 * time.Minute, nil, OutcomeUnknown, SeverityHigh, false, ""},
			{18 * time.Minute, usual, OutcomeFailed, SeverityHigh, false, ""}, {19 * time.Minute, usual, OutcomeFailed, SeverityLow, true, ReasonRoutine},
		},
		"its share leaves the baseline": {
			{0, usual, OutcomeFailed, SeverityLow, true, ReasonOpened}, {time.Minute, nil, OutcomeUnknown, SeverityMedium, false, ReasonLeftBaseline},
			{2 * time.Minute, nil, OutcomeFailed, SeverityHigh, false, ""},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for i, s := range steps {
				o := failed(strconv.Itoa(i), rootOf("a", "payment"))
				o.Outcome, o.LastReceived, o.FirstReceived = s.outcome, now.Add(s.after), now.Add(s.after)
				o.Roots[0].Routine = s.routine
				d := w.classify(o)
				require.Len(t, w.incidents, 1)
				got := w.incidents[0]
				assert.Equal(t, s.want, w.severity(got), "step %d", i)
				assert.Equal(t, s.is, got.Routine != nil, "step %d", i)
				assert.Equal(t, s.reason != "", len(d.Triggered) > 0, "step %d", i)
				if s.reason != "" {
					assert.Equal(t, s.reason, got.WantReason, "step %d", i)
				}
				got.Done, got.WantReason = got.Wanted, ""
			}
		})
	}
	t.Run("many more of it ask for nothing, and one that was resolved opens without a word", func(t *testing.T) {
		w := newWorld(t)
		for i := range 30 {
			o := failed(strconv.Itoa(i), rootOf("a", "payment"))
			o.LastReceived = now.Add(time.Duration(i) * time.Second)
			o.LastError = signal.NanosOf(onset.Add(time.Duration(i) * 24 * time.Hour)) // seldom
			o.Roots[0].Routine = usual
			d := w.classify(o)
			assert.Equal(t, i == 0, len(d.Triggered) > 0)
			in := w.incidents[0]
			in.Done, in.WantReason = in.Wanted, ""
			if i == 20 {
				in.Status = StatusResolved
			}
		}
		assert.Equal(t, StatusOpen, w.incidents[0].Status)
	})
}

// Section 13: a second failing trace is compared with the first a minute after the first look, unless an analysis waits
// that sees both.
func TestSecondTraceIsCompared(t *testing.T) {
	for name, c := range map[string]struct {
		state  AnalysisState // of the first analysis
		waits  bool
		reason string
		due    time.Time
	}{
		"analysed":       {state: AnalysisDone, reason: ReasonGrew, due: now.Add(-20*time.Second + firstLateWait)},
		"being analysed": {state: AnalysisRunning, reason: ReasonGrew, due: now.Add(firstLateWait)},
		"waiting":        {state: AnalysisPending, waits: true, reason: ReasonOpened},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.classify(failed("a", rootOf("a", "payment")))
			in := w.incidents[0]
			if !c.waits {
				in.WantReason, in.AnalysisState = "", c.state
			}
			if c.state == AnalysisDone {
				in.Done, in.AnalysedAt = in.Wanted, now.Add(-20*time.Second)
			}
			wanted := in.Wanted
			d := w.classify(failed("b", rootOf("a", "payment")))
			assert.Empty(t, d.Triggered, "nothing is urgent")
			assert.Equal(t, c.reason, in.WantReason)
			assert.Equal(t, c.due, in.WantDue)
			assert.Equal(t, !c.waits, in.Wanted > wanted)
			in.Done, in.WantReason = in.Wanted, ""
			w.classify(failed("c", rootOf("a", "payment")))
			assert.Empty(t, in.WantReason, "a third one tells nothing new")
		})
	}
}
