package dossier

import (
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// names are the components of a case.
type names struct {
	services map[string]map[string]bool // service to its operations, both as recorded
	peers    map[string]bool            // dependencies that record nothing themselves
	// byShown has the components by the name a model sees, "service" or "service operation".
	byShown map[string]Component
}

// Component is a service, an operation of one, or a dependency that only its callers' records name.
type Component struct {
	Service    string
	Operation  string // "" for the service as a whole
	Dependency string // set instead of Service
}

// IsDependency reports whether the component records nothing itself.
func (c Component) IsDependency() bool { return c.Dependency != "" }

// Name is the component without its operation.
func (c Component) Name() string {
	if c.IsDependency() {
		return c.Dependency
	}
	return c.Service
}

func (d *Dossier) collectNames() names {
	d.names = names{services: map[string]map[string]bool{}, peers: map[string]bool{}, byShown: map[string]Component{}}
	traces := slices.Concat(d.Failing, d.Healthy)
	for _, t := range traces {
		for _, n := range t.Nodes {
			d.addService(n.Service)
			if n.Span != nil {
				for _, o := range OperationsOf(n) {
					d.names.services[n.Service][o] = true
				}
			}
		}
		for _, l := range t.Logs {
			d.addService(l.Service())
		}
	}
	for _, p := range d.Case.Metrics {
		d.addService(p.Service())
	}
	for _, c := range d.Case.Changes {
		d.addService(c.Service)
	}
	for _, s := range slices.Concat(d.Case.Knowledge.ServicesSeen, d.Case.Knowledge.ServicesEver, d.Case.Knowledge.ServicesLogged) {
		d.addService(s)
	}
	for _, s := range d.Case.Knowledge.AddressOwners {
		d.addService(s)
	}
	d.directory = trace.DirectoryOf(sortedKeys(d.names.services), d.Case.Knowledge.AddressOwners)
	for _, t := range traces {
		for _, n := range t.Nodes {
			if !n.IsExitCall() {
				continue
			}
			if p := d.PeerOf(n); p.Service == "" {
				for _, name := range p.Names() {
					d.addPeer(name)
				}
			}
		}
	}
	for _, c := range d.Report.Candidates {
		d.addPeer(c.Component)
	}
	if rc := d.Report.RootCause; rc != nil {
		d.addPeer(rc.Component)
	}
	d.showNames()
	return d.names
}

func (d *Dossier) addService(name string) {
	if name != "" && d.names.services[name] == nil {
		d.names.services[name] = map[string]bool{}
	}
}

func (d *Dossier) addPeer(name string) {
	if name != "" && d.names.services[name] == nil {
		d.names.peers[name] = true
	}
}

// showNames maps the names a model sees back to components. Where two read the same, the one that
// comes first in order is meant, services before dependencies.
func (d *Dossier) showNames() {
	add := func(shown string, c Component) {
		if _, taken := d.names.byShown[shown]; !taken && shown != "" {
			d.names.byShown[shown] = c
		}
	}
	for _, s := range sortedKeys(d.names.services) {
		add(d.Name(s), Component{Service: s})
	}
	for _, p := range sortedKeys(d.names.peers) {
		add(d.Name(p), Component{Dependency: p})
	}
	for _, s := range sortedKeys(d.names.services) {
		// A name without values may show a part of a secret that is hidden in the whole.
		parts := map[string]bool{}
		for o := range d.names.services[s] {
			if d.hides(o) {
				parts[signal.Name(failure.Parameterize(o))] = true
			}
		}
		for _, o := range sortedKeys(d.names.services[s]) {
			if !parts[o] || d.hides(o) {
				add(d.Name(s)+" "+d.Name(o), Component{Service: s, Operation: o})
			}
		}
	}
}

// OperationsOf are the names under which a span's operation may be cited: its name, and its route,
// method or statement without values.
func OperationsOf(n *trace.Node) []string {
	if n.Span == nil {
		return nil
	}
	ops := []string{signal.Name(n.Span.Name)}
	if o := signal.Name(failure.ObserveSpan(n.Span).Route); o != "" && o != ops[0] {
		ops = append(ops, o)
	}
	if o := signal.Name(failure.Parameterize(n.Span.Name)); o != "" && !slices.Contains(ops, o) {
		ops = append(ops, o)
	}
	return slices.DeleteFunc(ops, func(s string) bool { return s == "" })
}

// Name is a name as a model sees it: redacted, on one line, with nothing invisible in it.
func (d *Dossier) Name(name string) string {
	if s, ok := d.shown[name]; ok {
		return s
	}
	s := onOneLine(d.Session.Text(name))
	d.shown[name] = s
	return s
}

// hides reports whether a part of a name is redacted.
func (d *Dossier) hides(name string) bool { return d.Name(name) != onOneLine(name) }

func onOneLine(s string) string { return strings.Join(strings.Fields(line(s)), " ") }

// Component finds what a claim calls "service", "service operation" or by a dependency's name, as
// a model sees them.
func (d *Dossier) Component(shown string) (Component, bool) {
	c, ok := d.names.byShown[shown]
	return c, ok
}

// ComponentName is a component as a model sees it.
func (d *Dossier) ComponentName(c Component) string {
	if c.Operation == "" {
		return d.Name(c.Name())
	}
	return d.Name(c.Name()) + " " + d.Name(c.Operation)
}

// Services are the services of the case that recorded something in it or are known to the store, as recorded.
func (d *Dossier) Services() []string { return sortedKeys(d.names.services) }

// ComponentNames are the names of all components as a model sees them, sorted.
func (d *Dossier) ComponentNames() []string { return sortedKeys(d.names.byShown) }

// Holds reports whether a node is of a component: of its service and operation, the operation being
// the node's own or that of the request it works on.
func (c Component) Holds(n *trace.Node) bool {
	if n == nil || c.IsDependency() || n.Service != c.Service {
		return false
	}
	if c.Operation == "" {
		return true
	}
	return slices.Contains(OperationsOf(n), c.Operation) || slices.Contains(OperationsOf(n.LocalRoot), c.Operation)
}

// Serves reports whether a node is a request that the component works on: of its service and operation,
// and no part of a request.
func (c Component) Serves(n *trace.Node) bool {
	if n == nil || c.IsDependency() || n.Service != c.Service || n.LocalRoot != n {
		return false
	}
	return c.Operation == "" || slices.Contains(OperationsOf(n), c.Operation)
}

// Names reports whether a peer goes by the component's name.
func (c Component) Names(p Peer) bool {
	if !c.IsDependency() {
		return p.Service == c.Service
	}
	return p.Service == "" && slices.Contains(p.Names(), c.Dependency)
}
