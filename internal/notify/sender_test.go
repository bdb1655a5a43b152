package notify_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/notify"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

const (
	opened   = "io.prodsentinel.incident.opened"
	updated  = "io.prodsentinel.incident.updated"
	resolved = "io.prodsentinel.incident.resolved"
	grouped  = "io.prodsentinel.incident.grouped"
	settled  = "io.prodsentinel.incident.settled"
)

// webhook is an endpoint with its sender.
func webhook(t *testing.T, w *world, storm int) (*endpoint, *notify.Sender) {
	t.Helper()
	e := newEndpoint(t)
	return e, w.sender("webhook", notify.Webhook{Client: newClient(t), URL: e.URL, Now: w.clock}, storm)
}

func TestIncidentIsToldFromItsVerdictToItsEnd(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	id := w.fail("out of stock")
	run(t, s)
	assert.Empty(t, e.received(), "the verdict is waited for")
	w.report(incident.SeverityHigh, "payment failed: out of stock")
	run(t, s)
	w.fail("out of stock")
	run(t, s)
	w.worsen(id, incident.SeverityCritical)
	run(t, s)
	w.resolve()
	run(t, s)
	require.Equal(t, []string{opened, updated, resolved}, types(t, e))
	first := bodies[event](t, e)[0]
	assert.Equal(t, "1.0", first.SpecVersion)
	assert.Equal(t, id, first.Subject)
	in := first.Data.Incident
	assert.Equal(t, "payment failed: out of stock", in.Cause)
	assert.True(t, in.Verdict)
	assert.Equal(t, 85, in.Confidence)
	assert.Equal(t, notify.Impact{FailingTraces: 1, Service: "payment", Operation: "POST /pay", Failed: 1, Requests: 1, Services: []string{"payment"}}, in.Impact)
	assert.Equal(t, "Look at the release.", in.NextStep)
	assert.Equal(t, "https://prodsentinel.example/incidents/"+id, in.Link)
	assert.Equal(t, w.clock().Add(-time.Hour), in.Since)

	w.fail("out of stock")
	run(t, s)
	got := bodies[event](t, e)
	require.Len(t, got, 4)
	assert.Equal(t, opened, got[3].Type, "it came back")
	assert.Equal(t, incident.StatusRegressed, got[3].Data.Incident.Status)
}

func TestIncidentWithoutVerdictIsToldAfterAMinute(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	w.fail("slow")
	w.pass(incident.VerdictWait - time.Second)
	run(t, s)
	assert.Empty(t, e.received())
	w.pass(time.Second)
	run(t, s)
	require.Equal(t, []string{opened}, types(t, e))
	assert.False(t, bodies[event](t, e)[0].Data.Incident.Analysed)
	w.report(incident.SeverityHigh, "payment was slow")
	run(t, s)
	assert.Equal(t, []string{opened, updated}, types(t, e), "the verdict follows")
}

func TestSilentIncidents(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	w.failTrace("trace", "harmless", incident.SeverityLow)
	w.report(incident.SeverityLow, "nothing of importance")
	w.pass(time.Hour)
	run(t, s)
	assert.Empty(t, e.received())
	w.failTrace("trace", "harmless", incident.SeverityMedium)
	run(t, s)
	assert.Equal(t, []string{opened}, types(t, e))
	w.failTrace("trace", "harmless", incident.SeverityLow)
	run(t, s)
	w.resolve()
	run(t, s)
	assert.Equal(t, []string{opened, updated, resolved}, types(t, e), "what was announced is told of to its end")
}

func TestAfterAnOutageOnlyTheLatestStateIsSent(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	e.answers(status(http.StatusBadGateway))
	id := w.incident("one")
	run(t, s)
	require.Len(t, e.received(), 1)
	w.worsen(id, incident.SeverityCritical)
	w.worsen(id, incident.SeverityHigh)
	w.worsen(id, incident.SeverityCritical)
	e.answers(nil)
	w.pass(time.Minute)
	run(t, s)
	got := bodies[event](t, e)
	require.Len(t, got, 2)
	assert.Equal(t, opened, got[1].Type)
	assert.Equal(t, incident.SeverityCritical, got[1].Data.Incident.Severity)
	w.pass(time.Hour)
	run(t, s)
	assert.Len(t, e.received(), 2)
}

// TestIncidentThatEndsInAnOutage has an incident end before its receiver can be reached again: since the first message
// may have arrived, the last is sent.
func TestIncidentThatEndsInAnOutage(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	e.answers(status(http.StatusServiceUnavailable))
	w.incident("one")
	run(t, s)
	w.resolve()
	e.answers(nil)
	run(t, s)
	assert.Equal(t, []string{opened, resolved}, types(t, e))
}

func TestDeadReceiverDelaysNoOther(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	other := newEndpoint(t)
	chat := w.sender("chat", notify.Slack{Client: newClient(t), URL: other.URL}, 10)
	e.answers(status(http.StatusInternalServerError))
	w.incident("one")
	run(t, s)
	run(t, chat)
	assert.Len(t, other.received(), 1)
	statuses, err := w.ReceiverStatuses(t.Context())
	require.NoError(t, err)
	require.Len(t, statuses, 2)
	assert.Zero(t, statuses[0].Pending)
	assert.EqualValues(t, 1, statuses[1].Pending)
	assert.Contains(t, statuses[1].Problem, "500")
}

func TestRetryAfterIsHeeded(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	e.answers(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "120")
		rw.WriteHeader(http.StatusTooManyRequests)
	})
	w.incident("one")
	assert.Equal(t, 2*time.Minute, s.Step(t.Context()))
	w.pass(2*time.Minute - time.Second)
	s.Step(t.Context())
	assert.Len(t, e.received(), 1)
	e.answers(nil)
	w.pass(time.Second)
	run(t, s)
	assert.Len(t, e.received(), 2)
}

func TestRedirectIsNotFollowed(t *testing.T) {
	w := newWorld(t)
	elsewhere := newEndpoint(t)
	e, s := webhook(t, w, 10)
	e.answers(func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	w.incident("one")
	run(t, s)
	assert.Len(t, e.received(), 1)
	assert.Empty(t, elsewhere.received())
	statuses, err := w.ReceiverStatuses(t.Context())
	require.NoError(t, err)
	assert.Contains(t, statuses[0].Problem, "redirects are not followed")
}

func TestRefusedMessageIsADeadLetterAndHoldsUpNoOther(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	e.answers(status(http.StatusBadRequest))
	id := w.incident("one")
	for range 20 {
		run(t, s)
		w.pass(10 * time.Minute)
	}
	assert.Len(t, e.received(), 8)
	dead, err := w.DeadLetters(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, dead, 1)
	assert.Equal(t, "webhook", dead[0].Receiver)
	e.answers(nil)
	w.incident("two")
	run(t, s)
	assert.Len(t, e.received(), 9)
	_, err = w.RetryDeadLetters(t.Context(), "", []string{id})
	require.NoError(t, err)
	run(t, s)
	assert.Len(t, e.received(), 10)
}

// TestHangingReceiver stops a process that waits for a receiver.
func TestHangingReceiver(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	reached, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	e.answers(func(http.ResponseWriter, *http.Request) { once.Do(func() { close(reached) }); <-release })
	defer close(release)
	s.Observer = notify.Observer{
		Failed:  func(string, bool) { t.Error("a stop counts as a failure of the receiver") },
		Working: func(_ string, err error) { t.Errorf("a stop is reported as a problem of the receiver: %v", err) },
	}
	id := w.incident("one")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx, nil) }()
	<-reached
	cancel()
	<-done
	e.answers(nil)
	again := w.sender("webhook", notify.Webhook{Client: newClient(t), URL: e.URL}, 10)
	run(t, again)
	assert.Len(t, e.received(), 1, "the lease of the process that stopped")
	w.pass(time.Minute)
	run(t, again)
	got := bodies[event](t, e)
	require.Len(t, got, 2)
	assert.Equal(t, got[0].ID, got[1].ID, "a receiver that remembers IDs sees it once")
	assert.Equal(t, id, got[1].Subject)
}

func TestStormIsGrouped(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 2)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		w.incident(name)
	}
	run(t, s)
	assert.Equal(t, []string{opened, opened, grouped}, types(t, e))
	group := bodies[event](t, e)[2]
	assert.Equal(t, 3, group.Data.Total)
	assert.Len(t, group.Data.Group, 3)

	w.incident("f")
	w.incident("g")
	run(t, s)
	assert.Len(t, e.received(), 3, "a group a minute")
	w.pass(time.Minute)
	run(t, s)
	require.Len(t, e.received(), 4)
	assert.Equal(t, 2, bodies[event](t, e)[3].Data.Total)

	w.resolve()
	run(t, s)
	assert.ElementsMatch(t, []string{opened, opened, grouped, grouped, resolved, resolved, settled, settled}, types(t, e), "one message as the last of a group ends")
	ids := map[string]bool{}
	for _, got := range bodies[event](t, e) {
		assert.False(t, ids[got.ID], "%s comes twice", got.ID)
		ids[got.ID] = true
	}
}

func TestWorstIncidentsOfAStormAreToldAlone(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 1)
	w.incident("a")
	worst := w.fail("b")
	w.report(incident.SeverityCritical, "all is lost")
	w.incident("c")
	run(t, s)
	got := bodies[event](t, e)
	require.Len(t, got, 2)
	assert.Equal(t, worst, got[0].Subject)
	assert.Equal(t, grouped, got[1].Type)
}

// TestGroupThatWasBegunIsRepeated has a process die between sending a group and storing that it was sent.
func TestGroupThatWasBegunIsRepeated(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 1)
	for _, name := range []string{"a", "b", "c"} {
		w.incident(name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	e.answers(func(http.ResponseWriter, *http.Request) {
		if n++; n == 2 {
			cancel() // before the answer arrives
			<-time.After(10 * time.Millisecond)
		}
	})
	s.Step(ctx)
	e.answers(nil)
	w.pass(2 * time.Minute)
	run(t, s)
	got := bodies[event](t, e)
	require.Len(t, got, 3)
	assert.Equal(t, got[1].ID, got[2].ID)
	assert.Equal(t, grouped, got[2].Type)
}

func TestSenderReports(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 10)
	var working []error
	var sent []notify.Kind
	var delays []time.Duration
	failures := 0
	s.Observer = notify.Observer{
		Sent: func(_ string, k notify.Kind, d time.Duration) {
			sent = append(sent, k)
			delays = append(delays, d)
		},
		Failed:  func(_ string, refused bool) { failures++; assert.False(t, refused) },
		Working: func(_ string, err error) { working = append(working, err) },
	}
	s.Log = zap.NewNop()
	e.answers(status(http.StatusBadGateway))
	w.incident("one")
	for range 3 {
		s.Step(t.Context())
		w.pass(time.Minute)
	}
	assert.Equal(t, 3, failures)
	require.Len(t, working, 1)
	require.ErrorContains(t, working[0], "502")
	e.answers(nil)
	run(t, s)
	require.Len(t, working, 2)
	require.NoError(t, working[1])
	assert.Equal(t, []notify.Kind{notify.KindOpened}, sent)
	assert.Equal(t, []time.Duration{3 * time.Minute}, delays)
}

// TestIncidentThatComesAndGoesUnseen has incidents end before anything was sent of them: that they were there is told.
func TestIncidentThatComesAndGoesUnseen(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 1)
	w.failTrace("trace", "harmless", incident.SeverityLow)
	w.report(incident.SeverityLow, "nothing of importance")
	for _, name := range []string{"a", "b", "c"} {
		w.incident(name)
	}
	w.resolve()
	run(t, s)
	require.Equal(t, []string{resolved, settled}, types(t, e), "one alone, the others together, the silent one not")
	assert.Equal(t, 2, bodies[event](t, e)[1].Data.Total)
	w.pass(time.Hour)
	run(t, s)
	assert.Len(t, e.received(), 2)
	w.fail("a")
	run(t, s)
	assert.Equal(t, []string{resolved, settled, opened}, types(t, e), "it came back")
}

// TestOnlyAnAnswerEndsAnOutage has a batch with nothing for the receiver while it is away.
func TestOnlyAnAnswerEndsAnOutage(t *testing.T) {
	for _, tt := range []struct {
		name  string
		batch func(w *world)
		// back reports whether the receiver is said to be back, and wait is how long the next failure leaves it alone.
		answer func(http.ResponseWriter, *http.Request)
		back   bool
		wait   time.Duration
	}{
		{name: "nothing to tell", answer: status(http.StatusBadGateway), wait: 4 * time.Second, batch: func(w *world) {
			w.failTrace("trace", "harmless", incident.SeverityLow)
			w.report(incident.SeverityLow, "nothing of importance")
		}},
		{name: "a message is taken", back: true, wait: time.Second, batch: func(w *world) { w.incident("two") }},
		{name: "a message is refused", answer: status(http.StatusBadRequest), back: true, wait: time.Second, batch: func(w *world) { w.incident("two") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			e, s := webhook(t, w, 10)
			back := false
			s.Observer.Working = func(_ string, err error) { back = err == nil }
			e.answers(status(http.StatusBadGateway))
			w.incident("one")
			require.Equal(t, time.Second, s.Step(t.Context()))
			w.pass(time.Second)
			require.Equal(t, 2*time.Second, s.Step(t.Context()))
			e.answers(tt.answer)
			tt.batch(w) // while what failed is not due
			require.Zero(t, s.Step(t.Context()))
			assert.Equal(t, tt.back, back)
			e.answers(status(http.StatusBadGateway))
			w.incident("three")
			assert.Equal(t, tt.wait, s.Step(t.Context()))
		})
	}
}

// slowStore reads incidents slowly.
type slowStore struct {
	store.Store
	wait func()
}

func (s slowStore) Incident(ctx context.Context, tenant, id string) (incident.Incident, error) {
	s.wait()
	return s.Store.Incident(ctx, tenant, id)
}

// TestSlowStoreDelaysMessagesOnly has a store in which reading a batch takes the time of its lease, or more.
func TestSlowStoreDelaysMessagesOnly(t *testing.T) {
	for _, tt := range []struct {
		name      string
		incidents int
		read      time.Duration // of one incident
		claims    []int         // how many deliveries are read at a time
	}{
		{"in time", 10, time.Second, []int{10}},
		{"a batch too many", 30, time.Second, []int{21, 15, 14}},
		{"one too slow", 3, time.Minute, []int{1, 1, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			e, s := webhook(t, w, 0)
			read := 0
			s.Store = slowStore{w.Store, func() { read++; w.pass(tt.read) }}
			for i := range tt.incidents {
				w.incident(strconv.Itoa(i))
			}
			var claims []int
			for range 10 {
				before := read
				s.Step(t.Context())
				if read > before {
					claims = append(claims, read-before)
				}
			}
			assert.Len(t, e.received(), tt.incidents)
			assert.Equal(t, tt.claims, claims)
		})
	}
}

var errDamaged = fmt.Errorf("%w: row 7", store.ErrDamaged)

// TestUnreadableIncidentHoldsUpNoOther has one of two incidents that cannot be read, in part or at all.
func TestUnreadableIncidentHoldsUpNoOther(t *testing.T) {
	outage := fmt.Errorf("%w: no answer in time", store.ErrUnavailable)
	for _, tt := range []struct {
		name   string
		method string
		err    error
		sent   bool // without what cannot be read
		dead   bool // in the end
	}{
		{"impact", "EntryStats", errDamaged, true, false},
		{"impact that takes too long", "EntryStats", outage, true, false},
		{"newest failure", "IncidentFailures", errDamaged, true, false},
		{"changes", "Evidence", errDamaged, true, false},
		{"report", "Analysis", errDamaged, false, true},
		{"incident", "Incident", errDamaged, false, true},
		{"report in an outage", "Analysis", outage, false, false},
		{"incident in an outage", "Incident", outage, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			e, s := webhook(t, w, 10)
			logged, logs := observer.New(zap.WarnLevel)
			s.Log = zap.New(logged)
			bad := w.incident("bad")
			broken := w.breaks(bad, tt.method, tt.err)
			s.Store, s.Composer.Store = broken, broken
			w.pass(time.Second)
			good := w.incident("good")
			run(t, s)
			want := []string{good}
			if tt.sent {
				want = []string{bad, good}
			}
			assert.ElementsMatch(t, want, subjects(t, e))
			assert.NotZero(t, logs.FilterFieldKey("error").Len(), "it is logged")
			for range 20 {
				w.pass(10 * time.Minute)
				run(t, s)
			}
			assert.Len(t, e.received(), len(want), "nothing is sent twice")
			dead, err := w.DeadLetters(t.Context(), "", 10)
			require.NoError(t, err)
			if tt.dead {
				require.Len(t, dead, 1)
				assert.Equal(t, bad, dead[0].IncidentID)
				assert.Equal(t, 8, dead[0].Attempts)
				assert.Contains(t, dead[0].Problem, "the data is damaged")
			} else {
				assert.Empty(t, dead)
			}

			broken.fails = nil
			_, err = w.RetryDeadLetters(t.Context(), "", []string{bad})
			require.NoError(t, err)
			w.pass(time.Minute)
			run(t, s)
			assert.ElementsMatch(t, []string{bad, good}, subjects(t, e), "it is told once it can be read")
		})
	}
}

// subjects are the incidents of the events.
func subjects(t *testing.T, e *endpoint) (list []string) {
	t.Helper()
	for _, got := range bodies[event](t, e) {
		list = append(list, got.Subject)
	}
	return list
}

func TestMessageGoesWithoutWhatCannotBeRead(t *testing.T) {
	for _, tt := range []struct {
		method  string
		impact  notify.Impact
		changes []string
	}{
		{"", notify.Impact{FailingTraces: 1, Service: "payment", Operation: "POST /pay", Failed: 1, Requests: 1, Services: []string{"payment"}}, []string{"deploy-1 (suspected: just before)"}},
		{"EntryStats", notify.Impact{FailingTraces: 1, Services: []string{"payment"}}, []string{"deploy-1 (suspected: just before)"}},
		{"Evidence", notify.Impact{FailingTraces: 1, Service: "payment", Operation: "POST /pay", Failed: 1, Requests: 1, Services: []string{"payment"}}, []string{"deploy-1 (suspected: just before)"}},
	} {
		t.Run(tt.method, func(t *testing.T) {
			w := newWorld(t)
			e, s := webhook(t, w, 10)
			s.Composer.Store = w.breaks(w.incident("one"), tt.method, errDamaged)
			run(t, s)
			require.Len(t, e.received(), 1)
			in := bodies[event](t, e)[0].Data.Incident
			assert.Equal(t, "payment failed: one", in.Cause)
			assert.Equal(t, tt.impact, in.Impact)
			assert.Equal(t, tt.changes, in.Changes)
		})
	}
}

func TestGroupListsAnUnreadableReportByItsTitle(t *testing.T) {
	w := newWorld(t)
	e, s := webhook(t, w, 1)
	w.incident("a")
	w.pass(time.Second) // the first is told of alone
	bad := w.incident("b")
	w.incident("c")
	s.Composer.Store = w.breaks(bad, "Analysis", errDamaged)
	run(t, s)
	require.Equal(t, []string{opened, grouped}, types(t, e))
	group := bodies[event](t, e)[1].Data.Group
	require.Len(t, group, 2)
	for _, in := range group {
		assert.Equal(t, in.ID == bad, in.Unreadable)
		if in.ID == bad {
			assert.Equal(t, "Exception in payment: b", in.Cause)
		}
	}
}
