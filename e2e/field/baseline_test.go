package field

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var baselines = flag.String("baselines", "testdata/baselines", "folder of fault-free recordings, each a folder that the labels name")

// labelsFile says of every ERROR log of the recordings whether it tells of a failure: what was recorded
// without a fault is not without failures.
const labelsFile = "testdata/baseline_labels.json"

// label is one error pattern of a recording: of several that an error has, the first counts.
type label struct {
	Baseline string `json:"baseline"`
	Service  string `json:"service"` // that logged it, "" for any
	Pattern  string `json:"pattern"` // part of its text
	Label    string `json:"label"`   // failure, handled or noise
	Count    int    `json:"count"`
	Reason   string `json:"reason"`
}

// labels are those of one recording.
type labels []label

// of is the label of an error, nil where none says anything.
func (l labels) of(service, text string) *label {
	for i := range l {
		if (l[i].Service == "" || l[i].Service == service) && strings.Contains(text, l[i].Pattern) {
			return &l[i]
		}
	}
	return nil
}

func readLabels(t *testing.T, baseline string) labels {
	t.Helper()
	content, err := os.ReadFile(labelsFile)
	require.NoError(t, err)
	var all labels
	require.NoError(t, json.Unmarshal(content, &all))
	return slices.DeleteFunc(all, func(l label) bool { return l.Baseline != baseline })
}

// Recordings without a fault open no incident above low but for real failures, and those open one.
func TestBaselines(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join(*baselines, "*", "traces.jsonl*"))
	require.NoError(t, err)
	require.NotEmpty(t, folders, "no recordings below %s", *baselines)
	for _, f := range folders {
		dir := filepath.Dir(f)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			b := baseline{labels: readLabels(t, filepath.Base(dir)), failing: map[signal.TraceID]bool{}}
			require.NoError(t, b.recording.loadRequests(dir))
			b.countErrors(t)
			b.play(t)
			for _, f := range b.falseAlarms {
				t.Errorf("no failure, and above low: %s", f)
			}
			assert.Empty(t, b.failing, "failing requests without an incident above low")
			t.Logf("%d incidents, %d above low, %d of these no failures", b.incidents, b.above, len(b.falseAlarms))
		})
	}
}

// baseline is a recording without a fault as it is played.
type baseline struct {
	recording fieldCase
	labels    labels
	failing   map[signal.TraceID]bool // those whose errors are labelled failures, until an incident has them

	incidents, above int
	falseAlarms      []string
}

// countErrors compares the errors of the recording with their labels.
func (b *baseline) countErrors(t *testing.T) {
	t.Helper()
	counts := map[*label]int{}
	for _, r := range b.recording.requests {
		logs, ok := r.payload.(plog.Logs)
		if !ok {
			continue
		}
		for _, l := range signal.FromLogs(logs) {
			if l.Severity < signal.SeverityError {
				continue
			}
			found := b.labels.of(l.Service(), l.Body.Str())
			if !assert.NotNil(t, found, "no label: %s: %s", l.Service(), l.Body.Str()) {
				continue
			}
			counts[found]++
			if found.Label == "failure" {
				b.failing[l.TraceID] = true
			}
		}
	}
	for i, l := range b.labels {
		assert.Contains(t, []string{"failure", "handled", "noise"}, l.Label)
		assert.NotEmpty(t, l.Reason)
		assert.Equal(t, l.Count, counts[&b.labels[i]], "errors with %q", l.Pattern)
	}
}

// sent is how long a sender collects records, at most.
const sent = 5 * time.Second

// apart are the requests in which spans and logs would have been sent: files of recordings have those of minutes
// in one, of which an error's logs may have gone ahead of its spans for as long.
func (r request) apart() []request {
	parts := map[int64]request{}
	part := func(at time.Time, empty func() any) any {
		nth := at.UnixNano() / sent.Nanoseconds()
		if _, ok := parts[nth]; !ok {
			parts[nth] = request{empty(), time.Unix(0, (nth+1)*sent.Nanoseconds())}
		}
		return parts[nth].payload
	}
	switch all := r.payload.(type) {
	case ptrace.Traces:
		for _, rs := range all.ResourceSpans().All() {
			for _, ss := range rs.ScopeSpans().All() {
				for _, s := range ss.Spans().All() {
					to := part(s.EndTimestamp().AsTime(), func() any { return ptrace.NewTraces() }).(ptrace.Traces).ResourceSpans().AppendEmpty()
					rs.Resource().CopyTo(to.Resource())
					scope := to.ScopeSpans().AppendEmpty()
					ss.Scope().CopyTo(scope.Scope())
					s.CopyTo(scope.Spans().AppendEmpty())
				}
			}
		}
	case plog.Logs:
		for _, rl := range all.ResourceLogs().All() {
			for _, sl := range rl.ScopeLogs().All() {
				for _, l := range sl.LogRecords().All() {
					to := part(l.Timestamp().AsTime(), func() any { return plog.NewLogs() }).(plog.Logs).ResourceLogs().AppendEmpty()
					rl.Resource().CopyTo(to.Resource())
					scope := to.ScopeLogs().AppendEmpty()
					sl.Scope().CopyTo(scope.Scope())
					l.CopyTo(scope.LogRecords().AppendEmpty())
				}
			}
		}
	default:
		return []request{r}
	}
	return slices.Collect(maps.Values(parts))
}

// play sends each request when it was recorded.
func (b *baseline) play(t *testing.T) {
	t.Helper()
	var requests []request
	for _, r := range b.recording.requests {
		requests = append(requests, r.apart()...)
	}
	slices.SortStableFunc(requests, func(x, y request) int { return x.newest.Compare(y.newest) })
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(requests[0].newest.Add(age)))
		p := startPipeline(t)
		defer p.stop()
		for _, r := range requests {
			time.Sleep(time.Until(r.newest.Add(age)))
			p.send(r.payload)
		}
		p.settle()
		b.judge(t, p)
	})
}

// judge looks for the label of what each incident cites first.
func (b *baseline) judge(t *testing.T, p *pipeline) {
	t.Helper()
	ctx := t.Context()
	list, err := p.store.ListIncidents(ctx, "", store.IncidentFilter{}, store.Page{Limit: 1000})
	require.NoError(t, err)
	for _, in := range list.Items {
		b.incidents++
		if in.Severity == incident.SeverityLow {
			continue
		}
		b.above++
		a, err := p.store.Analysis(ctx, "", in.ID, 0)
		require.NoError(t, err)
		failures, err := p.store.IncidentFailures(ctx, "", in.ID, store.Page{Limit: 1000})
		require.NoError(t, err)
		cited := "nothing"
		if l := b.labelOf(t, p, a); l != nil {
			cited = l.Label + ": " + l.Pattern
			if l.Label == "failure" {
				for _, f := range failures.Items {
					delete(b.failing, f.TraceID)
				}
				continue
			}
		}
		b.falseAlarms = append(b.falseAlarms, fmt.Sprintf("%s (%s, %d traces; cites %s)", in.Title, in.Severity, in.FailingTraces, cited))
	}
}

// labelOf is the label of the first log that the incident's likeliest cause cites.
func (b *baseline) labelOf(t *testing.T, p *pipeline, a incident.Analysis) *label {
	t.Helper()
	var refs []incident.Ref
	if a.RootCause != nil {
		refs = a.RootCause.Evidence
	}
	for _, c := range a.Candidates {
		for _, s := range c.For {
			refs = append(refs, s.Evidence...)
		}
	}
	for _, ref := range refs {
		records, err := p.store.Evidence(t.Context(), "", ref)
		require.NoError(t, err)
		for _, r := range records {
			if r.Log == nil {
				continue
			}
			if l := b.labels.of(r.Log.Service(), r.Log.Body.Str()); l != nil {
				return l
			}
		}
	}
	return nil
}
