package postgres

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/ledger"
)

// errAlone: a batch merges incidents, or fills the ungrouped incident of a tenant, and must be placed again
// while no other is.
var errAlone = errors.New("the batch must be placed alone")

// SaveClassifications implements store.Failures. A batch is loaded in one round trip, placed in
// memory failure by failure, and saved in another. Locks are taken in one order everywhere: those of
// the signatures, the failures, the incidents.
func (s *Store) SaveClassifications(ctx context.Context, results []store.Classified, policy incident.Policy) ([]store.IncidentChange, error) {
	if len(results) == 0 {
		return nil, nil
	}
	results = carriedAll(results)
	changes, err := s.saveClassifications(ctx, results, policy, false)
	if errors.Is(err, errAlone) {
		changes, err = s.saveClassifications(ctx, results, policy, true)
	}
	return changes, err
}

// saveClassifications returns errAlone if incidents are to be merged and alone is not set.
func (s *Store) saveClassifications(ctx context.Context, results []store.Classified, policy incident.Policy, alone bool) (changes []store.IncidentChange, err error) {
	err = s.write(ctx, func(tx pgx.Tx) error {
		p := placing{policy: policy}
		if err := p.load(ctx, tx, results, alone); err != nil {
			return err
		}
		p.place()
		if (len(p.merges) > 0 || p.flooded) && !alone {
			return errAlone
		}
		changes = p.changes.List
		return p.save(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	return changes, nil
}

// placing is one batch under way.
type placing struct {
	policy  incident.Policy
	now     time.Time // of the database
	mine    []heldResult
	tenants map[string]*tenantLedger

	// What is to be saved.
	links     []linkRow
	unlinked  failureKeys // had links before
	changed   []*incident.Incident
	isChanged map[*incident.Incident]bool
	rekeyed   map[*incident.Incident]bool
	history   []historyRow
	aliases   []aliasRow
	similar   []nearDuplicatesRow
	merges    []mergeRow
	splits    []splitRow
	recount   []incidentID
	changes   ledger.Changes
	flooded   bool // the ungrouped incident of a tenant was opened: there may be one already
}

// heldResult is the result of a failure whose lease is still its own; repeated tells that it is of the
// same records as the one before.
type heldResult struct {
	store.Classified
	repeated bool
}

// tenantLedger is what the placement of a tenant's failures depends on.
type tenantLedger struct {
	incidents []*incident.Incident
	links     map[string][]incident.Link // by key
	opened    *incident.Openings
	joined    map[string]string // see incident.Situation
	similar   map[string]*incident.NearDuplicates
}

type (
	incidentID struct{ tenant, id string }
	linkRow    struct {
		tenant, key  string
		lastReceived time.Time
		incident.Link
	}
	historyRow struct {
		tenant string
		incident.Entry
	}
	aliasRow struct {
		tenant string
		incident.Alias
	}
	nearDuplicatesRow struct {
		tenant string
		*incident.NearDuplicates
	}
	mergeRow struct {
		tenant string
		incident.Merge
	}
	splitRow struct {
		tenant string
		incident.Split
	}
)

func (p *placing) tenant(name string) *tenantLedger {
	t := p.tenants[name]
	if t == nil {
		t = &tenantLedger{links: map[string][]incident.Link{}, opened: incident.NewOpenings(), joined: map[string]string{}, similar: map[string]*incident.NearDuplicates{}}
		if p.tenants == nil {
			p.tenants = map[string]*tenantLedger{}
		}
		p.tenants[name] = t
	}
	return t
}

// place decides about one failure after the other, each on what the ones before it left.
func (p *placing) place() {
	for i, result := range p.mine {
		f := result.Failure
		t := p.tenant(f.Tenant)
		situation := incident.Situation{Links: t.links[f.Key], Incidents: t.incidents, Opened: t.opened, Joined: t.joined, Similar: t.similar}
		occurrence := incident.Occurrence{
			Classification: result.Classification, FirstReceived: f.FirstError, LastReceived: f.LastError, Source: f.Source,
			Repeated: result.repeated,
		}
		now := p.now.Add(time.Duration(i) * time.Microsecond) // incidents of one batch keep their order
		p.note(t, f, situation.Apply(occurrence, p.policy, now, ledger.NewIncidentID))
	}
}

// note keeps a decision for saving, and carries it out in memory.
func (p *placing) note(t *tenantLedger, f store.Failure, d incident.Decision) {
	if len(t.links[f.Key]) > 0 {
		p.unlinked.add(f.Tenant, f.Key)
	}
	t.links[f.Key] = d.Links
	for _, l := range d.Links {
		p.links = append(p.links, linkRow{f.Tenant, f.Key, f.LastError, l})
	}
	for _, in := range d.Changed {
		if slices.Contains(d.Opened, in.ID) {
			t.incidents = append(t.incidents, in)
			p.flooded = p.flooded || in.RootSignature == incident.TenantUngrouped
		}
	}
	for _, e := range d.History {
		if e.Action == incident.ActionRekeyed { // what it was known by is not to be saved any more
			p.aliases = slices.DeleteFunc(p.aliases, func(a aliasRow) bool { return a.tenant == f.Tenant && a.IncidentID == e.IncidentID })
			maps.DeleteFunc(t.joined, func(_, id string) bool { return id == e.IncidentID })
		}
	}
	for _, a := range d.Aliases {
		t.joined[a.Signature] = a.IncidentID
	}
	for _, m := range d.Merges {
		t.merge(m)
	}
	p.noteIncidents(f.Tenant, d)
}

// noteIncidents keeps what a decision says of incidents.
func (p *placing) noteIncidents(tenant string, d incident.Decision) {
	if p.isChanged == nil {
		p.isChanged, p.rekeyed = map[*incident.Incident]bool{}, map[*incident.Incident]bool{}
	}
	for _, in := range d.Changed {
		in.Tenant = tenant
		if !p.isChanged[in] {
			p.isChanged[in] = true
			p.changed = append(p.changed, in)
		}
		if ledger.Rekeyed(d, in.ID) {
			p.rekeyed[in] = true
		}
	}
	for _, e := range d.History {
		p.history = append(p.history, historyRow{tenant, e})
	}
	for _, a := range d.Aliases {
		p.aliases = append(p.aliases, aliasRow{tenant, a})
	}
	p.noteSimilar(tenant, d.Similar)
	for _, m := range d.Merges {
		p.merges = append(p.merges, mergeRow{tenant, m})
	}
	for _, s := range d.Splits {
		p.splits = append(p.splits, splitRow{tenant, s})
	}
	for _, id := range d.Recount {
		p.recount = append(p.recount, incidentID{tenant, id})
	}
	p.changes.Add(tenant, d)
}

// merge moves the links of failures that are placed after it, and the roots and near-duplicates joined to the merged
// incident.
func (t *tenantLedger) merge(m incident.Merge) {
	for _, n := range t.similar {
		n.MovedInto(m)
	}
	for signature, id := range t.joined {
		if id == m.From {
			t.joined[signature] = m.Into
		}
	}
	for key, links := range t.links {
		if !slices.ContainsFunc(links, func(l incident.Link) bool { return l.IncidentID == m.From }) {
			continue
		}
		links = slices.DeleteFunc(slices.Clone(links), func(l incident.Link) bool { return l.IncidentID == m.Into })
		for i := range links {
			if links[i].IncidentID == m.From {
				links[i].IncidentID = m.Into
			}
		}
		t.links[key] = links
	}
}
