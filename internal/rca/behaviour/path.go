package behaviour

import (
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// PathFrom is the way from a service up to the entry of a request of the window that shows what changed of it: of one
// that is odd there, else of that in which most time went there. It is nil where the service is in no request.
func (b *Behaviour) PathFrom(service string) (path []*trace.Node) {
	number, known := b.reader.services.numbers[service]
	if !known {
		return nil
	}
	var at *act
	var most trace.Instant
	for _, q := range b.now {
		for _, o := range b.judged.deepestOdd(q) {
			if b.services[o.act.unit] == number {
				return b.up(o.act)
			}
		}
		for i := range q.acts {
			a := &q.acts[i]
			if took := a.self; b.services[a.unit] == number && a.node.IsReceived() && (at == nil || took > most) {
				at, most = a, took
			}
		}
	}
	if at == nil {
		return nil
	}
	return b.up(at)
}

// up are the nodes at which services are entered, from an act up to the entry.
func (b *Behaviour) up(a *act) (path []*trace.Node) {
	for n := a.node; n != nil; n = n.Parent {
		if n.Service == "" || !n.IsReceived() {
			continue
		}
		if len(path) == 0 || path[len(path)-1].Service != n.Service {
			path = append(path, n)
		}
	}
	return path
}

// Requests is how many requests the window has, and RequestsBefore how many the baseline.
func (b *Behaviour) Requests() (now, before int) { return len(b.now), len(b.before) }
