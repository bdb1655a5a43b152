package storetest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

var notifying = map[string]func(*testing.T, store.Store){
	"DeliveryIsDueOnceThereIsAReport":           deliveryIsDueOnceThereIsAReport,
	"DeliveryIsOfTheNewestState":                deliveryIsOfTheNewestState,
	"StateThatComesWhileOneIsToldIsNotLost":     stateThatComesWhileOneIsToldIsNotLost,
	"ReceiversDoNotWaitForEachOther":            receiversDoNotWaitForEachOther,
	"DeliveryIsClaimedOnce":                     deliveryIsClaimedOnce,
	"ExpiredDeliveryIsTakenOver":                expiredDeliveryIsTakenOver,
	"UnregisteredReceiverGetsNothing":           unregisteredReceiverGetsNothing,
	"UnchangedIncidentIsNotToldAgain":           unchangedIncidentIsNotToldAgain,
	"RefusedDeliveryIsADeadLetterUntilRetried":  refusedDeliveryIsADeadLetterUntilRetried,
	"NewStateRevivesADeadDelivery":              newStateRevivesADeadDelivery,
	"ThreadIsKept":                              threadIsKept,
	"RecentAnnouncementsAreCounted":             recentAnnouncementsAreCounted,
	"AlertsFollowSeverityAndEnd":                alertsFollowSeverityAndEnd,
	"AlertsBeyondTheLimitAreTheNewest":          alertsBeyondTheLimitAreTheNewest,
	"MergedIncidentIsTold":                      mergedIncidentIsTold,
	"ReceiverStatusTellsWhatIsPending":          receiverStatusTellsWhatIsPending,
	"OpeningIsReported":                         openingIsReported,
	"ActiveIncidentsAreCounted":                 activeIncidentsAreCounted,
	"AgentsThatLowerAVerdictAreTold":            agentsThatLowerAVerdictAreTold,
	"DeliveriesOfADroppedIncidentAreDroppedToo": deliveriesOfADroppedIncidentAreDroppedToo,
	"ConcurrentChangesAreCountedInOrder":        concurrentChangesAreCountedInOrder,
	"DeliveryThatIsPostponedIsNotDueBefore":     deliveryThatIsPostponedIsNotDueBefore,
}

func register(t *testing.T, s store.Store, names ...string) {
	t.Helper()
	require.NoError(t, s.RegisterReceivers(t.Context(), names))
}

func claimFrom(t *testing.T, s store.Store, receiver, owner string, lease time.Duration) store.DeliveryClaims {
	t.Helper()
	claims, err := s.ClaimDeliveries(t.Context(), store.DeliveryRequest{Receiver: receiver, Owner: owner, Lease: lease, Limit: 100, Window: time.Hour})
	require.NoError(t, err)
	return claims
}

// due claims the deliveries of a receiver that are due.
func due(t *testing.T, s store.Store, receiver string) []store.Delivery {
	t.Helper()
	return claimFrom(t, s, receiver, "sender", lease).Deliveries
}

// tell saves that deliveries were told something.
func tell(t *testing.T, s store.Store, deliveries ...store.Delivery) {
	t.Helper()
	for i := range deliveries {
		deliveries[i].Told = "told"
	}
	require.NoError(t, s.SaveDeliveries(t.Context(), deliveries, true))
}

// resolve resolves all incidents.
func resolve(t *testing.T, s store.Store) {
	t.Helper()
	changes, err := s.ResolveQuiet(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.NotEmpty(t, changes)
}

func deliveryIsDueOnceThereIsAReport(t *testing.T, s store.Store) {
	register(t, s, "chat")
	id := open(t, s, "a", root("r1", "payment"))
	assert.Empty(t, due(t, s, "chat"), "one message with a verdict is worth more than two")
	analyse(t, s, "first")
	found := due(t, s, "chat")
	require.Len(t, found, 1)
	assert.Equal(t, store.Delivery{Receiver: "chat", Tenant: tenant, IncidentID: id, Sequence: 2, Lease: found[0].Lease}, found[0])
	assert.Equal(t, "sender", found[0].Lease.Owner)
	tell(t, s, found...)
	assert.Empty(t, due(t, s, "chat"))
}

func deliveryIsOfTheNewestState(t *testing.T, s store.Store) {
	register(t, s, "chat")
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	resolve(t, s)
	found := due(t, s, "chat")
	require.Len(t, found, 1, "what was not told in time is not told")
	assert.EqualValues(t, 3, found[0].Sequence)
}

func stateThatComesWhileOneIsToldIsNotLost(t *testing.T, s store.Store) {
	register(t, s, "chat")
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	found := due(t, s, "chat")
	require.Len(t, found, 1)
	resolve(t, s)
	assert.Empty(t, due(t, s, "chat"), "states of an incident are told in order")
	tell(t, s, found...)
	next := due(t, s, "chat")
	require.Len(t, next, 1)
	assert.Equal(t, found[0].Sequence+1, next[0].Sequence)
	assert.Equal(t, "told", next[0].Told)
}

func receiversDoNotWaitForEachOther(t *testing.T, s store.Store) {
	register(t, s, "chat", "pager")
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	found := due(t, s, "chat")
	require.Len(t, found, 1)
	require.NoError(t, s.PostponeDeliveries(t.Context(), found, time.Now().Add(time.Hour), "connection refused"))
	assert.Len(t, due(t, s, "pager"), 1)
}

func deliveryThatIsPostponedIsNotDueBefore(t *testing.T, s store.Store) {
	register(t, s, "chat")
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	found := due(t, s, "chat")
	require.Len(t, found, 1)
	found[0].Attempts = 3
	require.NoError(t, s.PostponeDeliveries(t.Context(), found, time.Now().Add(time.Hour), "refused"))
	assert.Empty(t, due(t, s, "chat"))
	resolve(t, s)
	assert.Empty(t, due(t, s, "chat"), "a receiver that refuses is not asked more often because incidents change")
	other := claimFrom(t, s, "chat", "other", lease).Deliveries
	assert.Empty(t, other)
	require.NoError(t, s.PostponeDeliveries(t.Context(), found, time.Now(), "refused"), "the lease is gone: nothing happens")
	assert.Empty(t, due(t, s, "chat"))
}

func deliveryIsClaimedOnce(t *testing.T, s store.Store) {
	register(t, s, "chat")
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	var mu sync.Mutex
	var claimed []store.Delivery
	var workers sync.WaitGroup
	for _, owner := range []string{"w1", "w2", "w3", "w4"} {
		workers.Go(func() {
			claims, err := s.ClaimDeliveries(t.Context(), store.DeliveryRequest{Receiver: "chat", Owner: owner, Lease: lease, Limit: 10, Window: time.Hour})
			assert.NoError(t, err) //nolint:testifylint // not the test's goroutine
			mu.Lock()
			defer mu.Unlock()
			claimed = append(claimed, claims.Deliveries...)
		})
	}
	workers.Wait()
	assert.Len(t, claimed, 1)
}

func expiredDeliveryIsTakenOver(t *testing.T, s store.Store) {
	register(t, s, "chat")
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	first := claimFrom(t, s, "chat", "dies", time.Nanosecond).Deliveries
	require.Len(t, first, 1)
	var second []store.Delivery
	require.Eventually(t, func() bool {
		second = claimFrom(t, s, "chat", "lives", lease).Deliveries
		return len(second) == 1
	}, 10*time.Second, time.Millisecond)
	assert.Equal(t, first[0].Sequence, second[0].Sequence, "the same state has the same number")
	tell(t, s, first...)
	assert.Empty(t, due(t, s, "chat"), "the second has it")
	require.NoError(t, s.PostponeDeliveries(t.Context(), second, time.Time{}, "refused"))
	dead, err := s.DeadLetters(t.Context(), tenant, 10)
	require.NoError(t, err)
	assert.Len(t, dead, 1, "what the first said did not count")
}

func unregisteredReceiverGetsNothing(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	assert.Empty(t, due(t, s, "chat"))
	register(t, s, "chat")
	assert.Empty(t, due(t, s, "chat"), "it is told of what happens from now on")
	resolve(t, s)
	assert.Len(t, due(t, s, "chat"), 1)
	statuses, err := s.ReceiverStatuses(t.Context())
	require.NoError(t, err)
	assert.Len(t, statuses, 1)
}

func unchangedIncidentIsNotToldAgain(t *testing.T, s store.Store) {
	register(t, s, "chat")
	id := open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	tell(t, s, due(t, s, "chat")...)
	fail(t, s, "b", "payment")
	classify(t, s, policy, map[string][]incident.Root{keyOf("b"): {root("r1", "payment")}})
	require.Equal(t, 2, incidentOf(t, s, id).FailingTraces)
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	analyse(t, s, "first")
	assert.Empty(t, due(t, s, "chat"))
}

func refusedDeliveryIsADeadLetterUntilRetried(t *testing.T, s store.Store) {
	register(t, s, "chat")
	id := open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	found := due(t, s, "chat")
	require.Len(t, found, 1)
	found[0].Attempts = 8
	require.NoError(t, s.PostponeDeliveries(t.Context(), found, time.Time{}, "400 Bad Request"))
	assert.Empty(t, due(t, s, "chat"))
	dead, err := s.DeadLetters(t.Context(), tenant, 10)
	require.NoError(t, err)
	want := []store.DeadLetter{{Kind: store.DeadDelivery, IncidentID: id, Receiver: "chat", Attempts: 8, Problem: "400 Bad Request"}}
	assert.Equal(t, want, dead)
	retried, err := s.RetryDeadLetters(t.Context(), tenant, []string{id})
	require.NoError(t, err)
	assert.Equal(t, want, retried)
	again := due(t, s, "chat")
	require.Len(t, again, 1)
	assert.Zero(t, again[0].Attempts)
}

func newStateRevivesADeadDelivery(t *testing.T, s store.Store) {
	register(t, s, "chat")
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	found := due(t, s, "chat")
	require.Len(t, found, 1)
	found[0].Attempts = 8
	require.NoError(t, s.PostponeDeliveries(t.Context(), found, time.Time{}, "400 Bad Request"))
	resolve(t, s)
	again := due(t, s, "chat")
	require.Len(t, again, 1)
	assert.Zero(t, again[0].Attempts)
}

// inThread is deliveries with their thread set.
func inThread(thread string, deliveries ...store.Delivery) []store.Delivery {
	for i := range deliveries {
		deliveries[i].Thread = thread
	}
	return deliveries
}

func threadIsKept(t *testing.T, s store.Store) {
	register(t, s, "chat")
	open(t, s, "a", root("r1", "payment"))
	open(t, s, "b", root("r2", "stock"))
	analyse(t, s, "first")
	found := claimFrom(t, s, "chat", "dies", time.Nanosecond).Deliveries
	require.Len(t, found, 2)
	mine, err := s.StartThreads(t.Context(), inThread("g1", found...))
	require.NoError(t, err)
	assert.Equal(t, found, mine)
	var again []store.Delivery
	require.Eventually(t, func() bool {
		again = append(again, due(t, s, "chat")...)
		return len(again) == 2
	}, 10*time.Second, time.Millisecond)
	assert.Equal(t, "g1", again[0].Thread, "whoever repeats it sends the same message")
	others, err := s.StartThreads(t.Context(), inThread("g2", found...))
	require.NoError(t, err)
	assert.Empty(t, others, "the lease is another's")

	active := func() int {
		n, err := s.ActiveInThread(t.Context(), "chat", "g1")
		require.NoError(t, err)
		return n
	}
	tell(t, s, again...)
	assert.Equal(t, 2, active())
	resolve(t, s)
	assert.Zero(t, active())
}

func recentAnnouncementsAreCounted(t *testing.T, s store.Store) {
	register(t, s, "chat", "pager")
	for _, name := range []string{"a", "b", "c"} {
		open(t, s, name, root("root "+name, name))
	}
	analyse(t, s, "first")
	claims := claimFrom(t, s, "chat", "sender", lease)
	require.Len(t, claims.Deliveries, 3)
	assert.Zero(t, claims.Recent)
	assert.Negative(t, claims.LastGroup)
	assert.Equal(t, 3, claimFrom(t, s, "chat", "other", lease).Recent, "what is being sent counts")
	alone, err := s.StartThreads(t.Context(), inThread(claims.Deliveries[0].IncidentID, claims.Deliveries[0]))
	require.NoError(t, err)
	tell(t, s, alone...)
	grouped, err := s.StartThreads(t.Context(), inThread("g1", claims.Deliveries[1:]...))
	require.NoError(t, err)
	tell(t, s, grouped...)
	later := claimFrom(t, s, "chat", "sender", lease)
	assert.Equal(t, 2, later.Recent, "a group is one message")
	assert.GreaterOrEqual(t, later.LastGroup, time.Duration(0))
	assert.Less(t, later.LastGroup, time.Hour)
	assert.Zero(t, claimFrom(t, s, "pager", "sender", lease).Recent)
}

func alertsFollowSeverityAndEnd(t *testing.T, s store.Store) {
	id := open(t, s, "a", root("r1", "payment"))
	alerts := func() []incident.Alert {
		list, err := s.Alerts(t.Context(), time.Now().Add(-time.Hour), 10)
		require.NoError(t, err)
		if len(list) == 0 {
			return nil
		}
		require.Len(t, list, 1)
		assert.Equal(t, id, list[0].IncidentID)
		assert.Equal(t, incidentOf(t, s, id).Announcement(), list[0].Announcement)
		return list[0].Alerts
	}
	ended := func(list []incident.Alert) (severities map[incident.Severity]bool) {
		severities = map[incident.Severity]bool{}
		for _, a := range list {
			severities[a.Severity] = !a.Ended.IsZero()
			assert.WithinDuration(t, time.Now(), a.Since, time.Hour)
		}
		return severities
	}
	analyse(t, s, "first")
	require.Equal(t, incident.SeverityHigh, incidentOf(t, s, id).Severity)
	require.False(t, ended(alerts())[incident.SeverityHigh])
	require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
	worse := analysisOf("second")
	worse.Analysis.Severity = incident.SeverityCritical
	publish(t, s, worse)
	now := ended(alerts())
	assert.True(t, now[incident.SeverityHigh])
	assert.False(t, now[incident.SeverityCritical])
	assert.Contains(t, now, incident.SeverityCritical)
	resolve(t, s)
	assert.True(t, ended(alerts())[incident.SeverityCritical])
	gone, err := s.Alerts(t.Context(), time.Now().Add(time.Hour), 10)
	require.NoError(t, err)
	assert.Empty(t, gone, "no longer repeated")
}

func alertsBeyondTheLimitAreTheNewest(t *testing.T, s store.Store) {
	var ended, open []string // by when they changed last
	for i := range 12 {
		name := string(rune('a' + i))
		open = append(open, openIncident(t, s, name))
		if i == 1 {
			resolve(t, s)
			ended, open = open, nil
		}
	}
	for _, id := range []string{open[3], open[0]} {
		require.NoError(t, s.RequestAnalysis(t.Context(), tenant, id))
		worse := analysisOf("worse")
		worse.Analysis.Severity = incident.SeverityCritical
		publish(t, s, worse)
		open = append(slices.DeleteFunc(open, func(other string) bool { return other == id }), id)
	}
	for _, limit := range []int{3, 7, 11, 20} {
		list, err := s.Alerts(t.Context(), time.Now().Add(-time.Hour), limit)
		require.NoError(t, err)
		var ids []string
		for _, a := range list {
			ids = append(ids, a.IncidentID)
		}
		if limit <= len(open) {
			assert.Equal(t, open[:limit], ids)
			continue
		}
		require.GreaterOrEqual(t, len(ids), len(open))
		assert.Equal(t, open, ids[:len(open)])
		assert.Subset(t, ended, ids[len(open):])
	}
}

// openIncident opens an incident that is analysed.
func openIncident(t *testing.T, s store.Store, name string) string {
	t.Helper()
	id := open(t, s, name, root("root "+name, name))
	analyse(t, s, "first")
	return id
}

func mergedIncidentIsTold(t *testing.T, s store.Store) {
	register(t, s, "chat")
	one := open(t, s, "a", root("r1", "payment"))
	other := open(t, s, "b", root("r2", "stock"))
	analyse(t, s, "first")
	tell(t, s, due(t, s, "chat")...)
	merge, err := s.MergeIncidents(t.Context(), tenant, one, other)
	require.NoError(t, err)
	var told []string
	for _, d := range due(t, s, "chat") {
		told = append(told, d.IncidentID)
	}
	assert.Contains(t, told, merge.From)
	assert.False(t, incidentOf(t, s, merge.From).Active())
}

func receiverStatusTellsWhatIsPending(t *testing.T, s store.Store) {
	register(t, s, "chat", "pager")
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	tell(t, s, due(t, s, "pager")...)
	require.NoError(t, s.ReportReceiver(t.Context(), "chat", "connection refused"))
	statuses, err := s.ReceiverStatuses(t.Context())
	require.NoError(t, err)
	require.Len(t, statuses, 2)
	chat, pager := statuses[0], statuses[1]
	assert.Equal(t, "chat", chat.Name)
	assert.EqualValues(t, 1, chat.Pending)
	assert.Equal(t, "connection refused", chat.Problem)
	require.NotNil(t, chat.OldestPending)
	assert.WithinDuration(t, time.Now(), *chat.OldestPending, time.Hour)
	assert.Nil(t, chat.LastSent)
	assert.Zero(t, pager.Pending)
	assert.Empty(t, pager.Problem)
	assert.EqualValues(t, 1, pager.Sent)
	require.NotNil(t, pager.LastSent)
	tell(t, s, due(t, s, "chat")...)
	statuses, err = s.ReceiverStatuses(t.Context())
	require.NoError(t, err)
	assert.Empty(t, statuses[0].Problem, "it got something")
}

func openingIsReported(t *testing.T, s store.Store) {
	for _, name := range []string{"a", "b"} {
		fail(t, s, name, "payment")
		changes := classify(t, s, policy, map[string][]incident.Root{keyOf(name): {root("r1", "payment")}})
		require.Len(t, changes, 1)
		assert.Equal(t, name == "a", changes[0].Opened, name)
	}
}

func activeIncidentsAreCounted(t *testing.T, s store.Store) {
	open(t, s, "a", root("r1", "payment"))
	open(t, s, "b", root("r2", "payment"))
	analyse(t, s, "first")
	counts, err := s.IncidentCounts(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []store.IncidentCount{{Severity: incident.SeverityHigh, Service: "payment", Category: incident.CategoryCodeException, Count: 2}}, counts)
	resolve(t, s)
	counts, err = s.IncidentCounts(t.Context())
	require.NoError(t, err)
	assert.Empty(t, counts)
}

func agentsThatLowerAVerdictAreTold(t *testing.T, s store.Store) {
	register(t, s, "chat")
	open(t, s, "a", root("r1", "payment"))
	publish(t, s, withAgents("first", incident.AgentsPending))
	tell(t, s, due(t, s, "chat")...)
	claims := claimAgents(t, s, "w", lease)
	require.Len(t, claims, 1)
	lowered := incident.AbstainBelow - 1
	require.NoError(t, s.SaveAgents(t.Context(), claims[0], store.AgentsRecord{Agents: incident.Agents{State: incident.AgentsDone}, Confidence: &lowered}))
	assert.Len(t, due(t, s, "chat"), 1)
}

func deliveriesOfADroppedIncidentAreDroppedToo(t *testing.T, s store.Store) {
	register(t, s, "chat")
	open(t, s, "a", root("r1", "payment"))
	analyse(t, s, "first")
	resolve(t, s)
	_, err := s.Retain(t.Context(), store.Retention{Incidents: time.Hour}, time.Now().Add(48*time.Hour))
	require.NoError(t, err)
	require.Empty(t, incidents(t, s))
	assert.Empty(t, due(t, s, "chat"))
	list, err := s.Alerts(t.Context(), time.Time{}, 10)
	require.NoError(t, err)
	assert.Empty(t, list)
}

// concurrentChangesAreCountedInOrder changes two incidents from several workers at once: no state is lost.
func concurrentChangesAreCountedInOrder(t *testing.T, s store.Store) {
	register(t, s, "chat", "pager")
	ids := []string{open(t, s, "a", root("r1", "payment")), open(t, s, "b", root("r2", "stock"))}
	var workers sync.WaitGroup
	for n := range 4 {
		workers.Go(func() {
			for i := range 5 {
				for _, id := range ids {
					assert.NoError(t, s.RequestAnalysis(t.Context(), tenant, id)) //nolint:testifylint // not the test's goroutine
				}
				claims, err := s.ClaimIncidents(t.Context(), string(rune('a'+n)), lease, 1)
				assert.NoError(t, err) //nolint:testifylint // not the test's goroutine
				for _, c := range claims {
					record := analysisOf(string(rune('a'+n)) + string(rune('0'+i)))
					if record.Analysis.Severity = incident.SeverityHigh; i%2 == 1 {
						record.Analysis.Severity = incident.SeverityCritical
					}
					_, err := s.SaveAnalysis(t.Context(), c, record)
					assert.NoError(t, err) //nolint:testifylint // not the test's goroutine
				}
				claimed, err := s.ClaimDeliveries(t.Context(), store.DeliveryRequest{Receiver: "chat", Owner: string(rune('a' + n)), Lease: lease, Limit: 10, Window: time.Hour})
				assert.NoError(t, err)
				assert.NoError(t, s.SaveDeliveries(t.Context(), claimed.Deliveries, true))
			}
		})
	}
	workers.Wait()
	resolve(t, s)
	chat, pager := due(t, s, "chat"), due(t, s, "pager")
	require.Len(t, chat, 2)
	require.Len(t, pager, 2)
	sequences := map[string]int64{}
	for _, d := range chat {
		sequences[d.IncidentID] = d.Sequence
	}
	for _, d := range pager {
		assert.Equal(t, sequences[d.IncidentID], d.Sequence, "both are told the same state")
	}
}
