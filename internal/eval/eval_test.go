package eval

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

// onset is when the faults of the test's cases begin.
var onset = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// writer writes the files of a suite.
type writer struct {
	t   *testing.T
	dir string
}

func (w writer) write(name, content string) {
	w.t.Helper()
	name = filepath.Join(w.dir, name)
	require.NoError(w.t, os.MkdirAll(filepath.Dir(name), 0o750))
	if !strings.HasSuffix(name, ".gz") {
		require.NoError(w.t, os.WriteFile(name, []byte(content), 0o600))
		return
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(content))
	require.NoError(w.t, err)
	require.NoError(w.t, z.Close())
	require.NoError(w.t, os.WriteFile(name, b.Bytes(), 0o600))
}

// requests are traces of front, which calls back, one a second from the given time on; that of seed has IDs of its own.
func requests(seed byte, from time.Time, n int, fails bool) string {
	td := ptrace.NewTraces()
	for i := range n {
		at := from.Add(time.Duration(i) * time.Second)
		span := func(service string, id byte, parent [8]byte, from, to time.Duration) ptrace.Span {
			rs := td.ResourceSpans().AppendEmpty()
			rs.Resource().Attributes().PutStr("service.name", service)
			s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
			s.SetTraceID([16]byte{seed, byte(i), 1})
			s.SetSpanID([8]byte{seed, byte(i), id})
			s.SetParentSpanID(parent)
			s.SetName("GET /" + service)
			s.SetKind(ptrace.SpanKindServer)
			s.SetStartTimestamp(timestamp(at.Add(from)))
			s.SetEndTimestamp(timestamp(at.Add(to)))
			return s
		}
		front := span("front", 1, [8]byte{}, 0, 100*time.Millisecond)
		back := span("back", 2, front.SpanID(), 10*time.Millisecond, 90*time.Millisecond)
		if fails {
			front.Status().SetCode(ptrace.StatusCodeError)
			back.Status().SetCode(ptrace.StatusCodeError)
			e := back.Events().AppendEmpty()
			e.SetName("exception")
			e.SetTimestamp(timestamp(at.Add(50 * time.Millisecond)))
			e.Attributes().PutStr("exception.type", "java.lang.NullPointerException")
			e.Attributes().PutStr("exception.message", "item is null")
		}
	}
	b, err := (&ptrace.JSONMarshaler{}).MarshalTraces(td)
	if err != nil {
		panic(err)
	}
	return string(b) + "\n"
}

func timestamp(at time.Time) pcommon.Timestamp { return pcommon.NewTimestampFromTime(at) }

func processorUse(from time.Time, n int, use float64) string {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "back")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("cpu_utilization")
	points := m.SetEmptyGauge().DataPoints()
	for i := range n {
		p := points.AppendEmpty()
		p.SetTimestamp(timestamp(from.Add(time.Duration(i) * time.Minute)))
		p.SetDoubleValue(use + float64(i%3)/100)
	}
	b, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(md)
	if err != nil {
		panic(err)
	}
	return string(b) + "\n"
}

// writeSuite writes a suite of two cases in which back throws, one told by its window and one by an alert of front.
func writeSuite(t *testing.T) (dir string) {
	w := writer{t, filepath.Join(t.TempDir(), "suite")}
	w.write("baseline/quiet/traces.jsonl.gz", requests(1, onset.Add(-time.Hour), 60, false))
	w.write("baseline/quiet/metrics.jsonl.gz", processorUse(onset.Add(-time.Hour), 30, 0.2))
	w.write("dev/told/case.json", fmt.Sprintf(`{"case_id": "told", "system": "shop", "baseline": "quiet", "window": {"start_unix_nano": "%d", "end_unix_nano": %d}}`,
		onset.UnixNano(), onset.Add(3*time.Minute).UnixNano()))
	w.write("dev/told/labels.json", `{"root_cause_service": "back", "fault_type": "exception"}`)
	w.write("dev/told/pre_traces.jsonl.gz", requests(2, onset.Add(-time.Minute), 30, false))
	w.write("dev/told/traces.jsonl", requests(3, onset, 120, true))
	w.write("dev/told/metrics.jsonl", processorUse(onset, 3, 0.9))
	w.write("dev/alerted/case.json", fmt.Sprintf(`{"case_id": "alerted", "system": "shop", "alert": {"service": "front", "fired_at": %q}}`,
		onset.Add(2*time.Minute).Format(time.RFC3339)))
	w.write("dev/alerted/labels.json", `{"root_cause_service": "back", "root_cause_change": "c2", "decoy_changes": ["c1"]}`)
	w.write("dev/alerted/traces.jsonl", requests(4, onset.Add(-30*time.Minute), 120, false)+requests(5, onset, 120, true))
	w.write("dev/alerted/changes.json", fmt.Sprintf(`[{"id": "c1", "kind": "deploy", "service": "front", "time": %q}, {"id": "c2", "kind": "deploy", "service": "back", "time": %q}]`,
		onset.Add(-20*time.Minute).Format(time.RFC3339), onset.Add(-5*time.Minute).Format(time.RFC3339)))
	return w.dir
}

// runCommand runs the command.
func runCommand(t *testing.T, dir string, args ...string) (out string, err error) {
	t.Helper()
	cmd := NewCommand()
	var b bytes.Buffer
	cmd.SetOut(&b)
	cmd.SetErr(&bytes.Buffer{})
	cmd.SetArgs(append([]string{dir}, args...))
	err = cmd.ExecuteContext(t.Context())
	return b.String(), err
}

func TestEval(t *testing.T) {
	dir := writeSuite(t)
	text, err := runCommand(t, dir, "--output", "json")
	require.NoError(t, err)
	var o output
	require.NoError(t, json.Unmarshal([]byte(text), &o))

	for _, track := range tracks {
		assert.Equal(t, 2, o.Tracks[track.name].Service.N, track.name)
	}
	full := o.Tracks[fullTrack]
	assert.InDelta(t, 1, full.Service.AC1, tolerance)
	assert.Equal(t, 1, full.ServiceClass.N, "only one label has a class")
	assert.InDelta(t, 1, full.ServiceClass.AC1, tolerance)
	assert.Equal(t, 2, full.BySystem["shop"].N)
	assert.Equal(t, 1, full.ByFault["exception"].N)
	for _, m := range baselines {
		assert.Contains(t, o.Baselines, m.name)
	}
	assert.InDelta(t, 0, o.Baselines["alerting_service"].Service.AC1, tolerance)
	assert.InDelta(t, 1, o.Baselines["deepest_error_span"].Service.AC1, tolerance)
	assert.InDelta(t, 0.5, o.Baselines["robust_z_score"].Service.AC1, tolerance, "one case has metrics")
	assert.InDelta(t, 0.5, o.Baselines["last_deploy"].Service.AC1, tolerance)
	assert.Equal(t, paired{Better: 2, P: 0.5}, o.Paired["always_none"])
	assert.Equal(t, counted{N: 1, Right: 1}, o.Changes.Culprit)
	assert.Zero(t, o.Changes.DecoysSuspected)
	require.Len(t, o.Cases, 2)
	assert.Equal(t, "back", o.Cases[0].Top[0])
	assert.Equal(t, "back/code_exception", o.Cases[0].TopClasses[0])
	assert.Equal(t, 2*len(tracks), o.Calibration.N)

	document := filepath.Join(t.TempDir(), "accuracy.md")
	again, err := runCommand(t, dir, "--suite-out", document)
	require.NoError(t, err)
	written, err := os.ReadFile(document)
	require.NoError(t, err)
	assert.Contains(t, string(written), "| full | 2 | 1.00 |")
	assert.Contains(t, string(written), "- Change that set it off: the culprit alone suspected in 1 of 1")
	assert.Equal(t, 1, o.Controls.N, "one minute has requests")
	assert.Zero(t, o.Controls.FalseIncidents)
	assert.Regexp(t, `(?m)^full +2 +1\.00 `, again)
	assert.Regexp(t, `(?m)^always_none +2 +0\.00 `, again)
}

// What is right is opened by the scorer, once every method has answered.
func TestLabelsAreTheScorers(t *testing.T) {
	dir := writeSuite(t)
	require.NoError(t, os.Remove(filepath.Join(dir, "dev", "told", "labels.json")))
	s, err := openSuite(dir, "told")
	require.NoError(t, err)
	results, err := run(t.Context(), s.cases, tracks[:1], func(int, *suiteCase, time.Duration) {})
	require.NoError(t, err)
	assert.Len(t, results, 1+len(baselines))
	_, err = score(results)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestTracksTellLess(t *testing.T) {
	s, err := openSuite(writeSuite(t), "told")
	require.NoError(t, err)
	r, err := s.cases[0].load()
	require.NoError(t, err)
	for name, want := range map[string]struct{ traces, before, points, pointsBefore int }{
		fullTrack: {120, 90, 3, 30}, "no_metrics": {120, 90, 0, 0}, "traces_only": {120, 90, 0, 0}, "no_logs": {120, 90, 3, 30},
		"first_60s": {60, 90, 1, 30}, "baseline_1m": {120, 30, 3, 0},
	} {
		for _, track := range tracks {
			if track.name != name {
				continue
			}
			told := newSource(r)
			w := track.tell(told, s.cases[0].told(), "told")
			within, err := told.Within(t.Context(), w.From, w.To)
			require.NoError(t, err)
			before, err := told.Before(t.Context(), w.From)
			require.NoError(t, err)
			assert.Equal(t, want, struct{ traces, before, points, pointsBefore int }{
				len(within.Traces), len(before.Traces), len(within.Points), len(before.Points),
			}, name)
		}
	}
	thinned := newSource(r)
	sampling(10)(thinned, s.cases[0].told(), "told")
	assert.InDelta(t, 12, len(thinned.own.Traces), 10)
	lossy := newSource(r)
	losing(30)(&lossy.own)
	spans := 0
	for _, trace := range lossy.own.Traces {
		spans += len(trace.Spans)
	}
	assert.InDelta(t, 168, spans, 30)
}

// What was recorded during another fault is no baseline.
func TestContaminatedBaselineIsLeftOut(t *testing.T) {
	dir := brokenSuite(t, "case.json", fmt.Sprintf(`{"system": "shop", "baseline": "quiet", "window": {"start_unix_nano": "%d", "end_unix_nano": "%d"},
		"telemetry": {"pre_contaminated_by_previous_fault": true}}`, onset.UnixNano(), onset.Add(time.Minute).UnixNano()))
	s, err := openSuite(dir, "told")
	require.NoError(t, err)
	r, err := s.cases[0].load()
	require.NoError(t, err)
	assert.Len(t, newSource(r).before.Traces, 60)
}

func TestWrongUse(t *testing.T) {
	dir := writeSuite(t)
	for want, args := range map[string][]string{
		"is no suite":             {filepath.Join(dir, "dev")},
		`matches "none"`:          {dir, "--cases", "none"},
		`"x" is none of`:          {dir, "--tracks", "x"},
		`"yaml" is none of`:       {dir, "--output", "yaml"},
		"neither a window nor an": {brokenSuite(t, "case.json", `{"system": "shop"}`)},
		"line 1":                  {brokenSuite(t, "traces.jsonl", "{")},
	} {
		_, err := runCommand(t, args[0], args[1:]...)
		require.ErrorContains(t, err, want)
	}
}

// brokenSuite is a suite in which a file of a case says something else.
func brokenSuite(t *testing.T, name, content string) (dir string) {
	dir = writeSuite(t)
	writer{t, dir}.write("dev/told/"+name, content)
	return dir
}
