package behaviour_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/behaviour"
	"github.com/prodsentinel/prodsentinel/internal/rca/rcatest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// windowFrom is when the windows of these tests begin, in milliseconds, and windowTo when they end.
const windowFrom, windowTo = 600_000, 900_000

// point is a gauge of a service, at a minute of the case.
func point(service, name, unit string, minute int, value float64, attributes ...string) *signal.Point {
	p := &signal.Point{
		Resource: &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: service}}}},
		Name:     name, Unit: unit, Type: signal.MetricGauge, Time: rcatest.At(minute * 60_000), Value: signal.Value{Data: value},
	}
	for i := 0; i+1 < len(attributes); i += 2 {
		p.Attributes = append(p.Attributes, signal.KeyValue{Key: attributes[i], Value: signal.Value{Data: attributes[i+1]}})
	}
	return p
}

func compare(failing, healthy []*incident.Trace, points []*signal.Point) *behaviour.Behaviour {
	signal.IdentifyPoints("", points)
	return behaviour.Compare(&incident.Case{
		Window: &incident.Window{From: rcatest.At(windowFrom), To: rcatest.At(windowTo)}, Failing: failing, Healthy: healthy, Metrics: points,
	})
}

func TestUses(t *testing.T) {
	for name, tt := range map[string]struct {
		unit   string
		before float64
		now    []float64
		want   string
	}{
		"held":                  {"1", 0.2, []float64{0.9, 0.91, 0.92, 0.93}, "level 910000 usual 200000 size 7100 full 600000"},
		"percent":               {"%", 20, []float64{90, 91, 92, 93}, "level 910000 usual 200000 size 7100 full 600000"},
		"a peak is not held":    {"1", 0.2, []float64{0.2, 0.2, 0.2, 0.99}, "level 200000 usual 200000 size 0 full 0"},
		"always near its limit": {"1", 0.9, []float64{0.97, 0.97, 0.97, 0.97}, "level 970000 usual 900000 size 518 full 0"},
	} {
		var points []*signal.Point
		for m := range 10 {
			points = append(points, point("orders", "process.cpu.utilization", tt.unit, m, tt.before))
		}
		for m, v := range tt.now {
			points = append(points, point("orders", "process.cpu.utilization", tt.unit, 10+m, v))
		}
		uses := compare(nil, nil, points).Uses()
		require.Len(t, uses, 1, name)
		u := uses[0]
		assert.Equal(t, tt.want, fmt.Sprintf("level %d usual %d size %d full %d", u.Level, u.Usual, u.Size, u.Full), name)
	}
}

func TestUseOfHostsIsNotTheServices(t *testing.T) {
	var points []*signal.Point
	for m := range 15 {
		points = append(points, point("orders", "k8s.node.cpu.utilization", "1", m, 0.2))
	}
	assert.Empty(t, compare(nil, nil, points).Uses())
}

func TestMesh(t *testing.T) {
	const source, destination = "istio.request.duration.p50.source", "istio.request.duration.p50.destination"
	var points []*signal.Point
	edge := func(name, from, to string, minute int, seconds float64) {
		points = append(points, point(to, name, "s", minute, seconds, "source", from, "destination", to))
	}
	for m := range 14 {
		slow, late := 0.02, 0.02
		if m >= 10 {
			slow, late = 0.5, 0.5
		}
		edge(source, "front", "slow", m, slow) // slow in itself
		edge(destination, "front", "slow", m, slow)
		edge(source, "front", "late", m, late) // late on the way
		edge(destination, "front", "late", m, 0.02)
		if m < 10 {
			edge(source, "late", "gone", m, 0.02) // no longer called
		}
	}
	b := compare(nil, nil, points)
	sizes := map[string]int64{}
	for _, d := range b.MeshDelays() {
		sizes[d.To] = d.Size
	}
	assert.Zero(t, sizes["slow"])
	assert.Equal(t, int64(24_000), sizes["late"])
	lost := b.LostCalls()
	require.NotEmpty(t, lost)
	assert.Equal(t, "late", lost[len(lost)-1].Service)
	assert.Equal(t, int64(1_000_000), lost[len(lost)-1].Share)
	for _, l := range lost[:len(lost)-1] {
		assert.Zero(t, l.Share, l.Service)
	}
}

// wide is a request with so many calls, all of which log something else.
func wide(name string, at, calls int) *incident.Trace {
	tr := rcatest.New(name)
	root := tr.Span("front", "GET /", signal.KindServer, at, at+calls+10)
	for i := range calls {
		root.Call("GET /part", at+i, at+i+1).Serve("part", "GET /part", at+i, at+i+1).Logged(at+i, 9, words(i)+" of many")
	}
	return tr.Build()
}

// words is a number in letters: no value to leave out.
func words(n int) string {
	text := []rune("templ")
	for ; n > 0; n /= 10 {
		text = append(text, rune('k'+n%10), 'o')
	}
	return string(text)
}

func TestWideRequests(t *testing.T) {
	const calls = 5000
	var failing, healthy []*incident.Trace
	for n := range 10 {
		healthy = append(healthy, wide(fmt.Sprint("healthy", n), n*10_000, calls))
		failing = append(failing, wide(fmt.Sprint("failing", n), windowFrom+n*10_000, 0))
	}
	changes := compare(failing, healthy, nil).Changes()
	require.Len(t, changes, 1)
	assert.Equal(t, "front", changes[0].Service)
	assert.Equal(t, 10, changes[0].Shifts[0].Of)
}

func TestNothingIsNothing(t *testing.T) {
	b := compare(nil, nil, nil)
	assert.Empty(t, b.Changes())
	assert.Empty(t, b.Delays())
	assert.Empty(t, b.Slownesses())
	assert.Empty(t, b.Uses())
	assert.Empty(t, b.Deviations())
	assert.Empty(t, b.LostCalls())
	assert.Empty(t, b.MeshDelays())
	assert.Nil(t, b.PathFrom("orders"))
	assert.Empty(t, b.Places("orders"))
}
