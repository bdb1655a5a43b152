package claims

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// proveChanged needs a change of the subject.
func proveChanged(k *check) string {
	if k.subject.Operation != "" || k.subject.IsDependency() {
		return "a change is of a service"
	}
	for _, r := range k.records {
		if r.Change != nil && r.Service == k.subject.Service {
			k.prove(changePhrase(k, r)+onsetPhrase(k, r), r)
		}
	}
	return "no cited record is a change of " + k.say.name(k.subject)
}

func changePhrase(k *check, r *dossier.Record) string {
	what := k.say.quoteName(r.Change.Kind)
	if v := r.Change.Version; v != "" {
		what += " of version " + k.say.quoteName(v)
	}
	return fmt.Sprintf("%s had the change %s (%s) at %s", k.say.name(k.subject), k.say.quoteName(r.Change.ID), what, formatTime(r.Time))
}

// onsetPhrase tells on which side of the first error a change was made, where its time is that exact.
func onsetPhrase(k *check, r *dossier.Record) string {
	onset := k.d.Onset()
	if onset == 0 || r.Time == 0 {
		return ""
	}
	allowed := max(clockTolerance, resolution(r.Time))
	at, first := trace.InstantOf(r.Time), trace.InstantOf(onset)
	switch {
	case at+allowed < first:
		return ", before the first recorded error"
	case at > first+allowed:
		return ", after the first recorded error"
	}
	return ""
}

// resolution is how far a time may be off that was recorded in whole seconds.
func resolution(at signal.Nanos) trace.Instant {
	const second = signal.Nanos(1_000_000_000)
	if at%second == 0 {
		return trace.InstantOf(second)
	}
	return 0
}
