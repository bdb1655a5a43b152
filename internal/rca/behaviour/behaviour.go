package behaviour

import (
	"cmp"
	"maps"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/stats"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Behaviour is how components behave in the window of a case, compared with its baseline.
type Behaviour struct {
	reader      *reader
	now, before []request
	judged      judged
	services    []int32 // by unit
	callers     map[[2]int32]bool
	series      []*series
	window      incident.Window
}

// Compare compares the window of a case with its baseline.
func Compare(c *incident.Case) *Behaviour {
	b := &Behaviour{reader: newReader(), window: *c.Window}
	b.before, b.now = b.reader.readAll(c.Healthy), b.reader.readAll(c.Failing)
	r := b.reader
	b.services = make([]int32, len(r.units.keys))
	for i, u := range r.units.keys {
		b.services[i] = r.services.of(u.Service)
	}
	before := count(b.before, len(r.units.keys))
	b.judged.shifts = shiftsBetween(r, count(b.now, len(r.units.keys)), before)
	b.judged.logs = map[int32]bool{}
	for p := range before.with {
		if f := r.features.keys[int32(p&0xffffffff)]; f.Sort == Logs { //nolint:gosec // as pairOf made it
			b.judged.logs[r.services.of(f.Service)] = true
		}
	}
	b.findCallers()
	b.findAborting()
	b.series = readSeries(c)
	return b
}

// findCallers finds who calls whom in the baseline.
func (b *Behaviour) findCallers() {
	b.callers, b.judged.callers = map[[2]int32]bool{}, map[int32]int{}
	for _, q := range b.before {
		for i := range q.acts {
			if a := &q.acts[i]; a.to >= 0 {
				b.callers[[2]int32{b.services[a.unit], a.to}] = true
			}
		}
	}
	for pair := range b.callers {
		b.judged.callers[pair[1]]++
	}
}

// findAborting counts, by callee, the services that end right after it more often than they did.
func (b *Behaviour) findAborting() {
	ended := map[[2]int32]bool{}
	for _, q := range b.now {
		for i := range q.acts {
			a := &q.acts[i]
			if a.callee < 0 {
				continue
			}
			for _, s := range b.judged.shifts[a.unit] {
				if s.feature == a.ends && s.z > 0 && stats.Part(int64(s.With), int64(s.Of))-stats.Part(int64(s.WithBefore), int64(s.OfBefore)) >= aborts {
					ended[[2]int32{a.callee, b.services[a.unit]}] = true
				}
			}
		}
	}
	b.judged.aborting = map[int32]int{}
	for pair := range ended {
		b.judged.aborting[pair[0]]++
	}
}

// Change is how much the behaviour of a service changed, in what it calls and logs.
type Change struct {
	Service string
	// Blamed is how many requests of the window come down to the service, and Expected how many would by the baseline;
	// millionths. Requests are those that the service took part in.
	Blamed, Expected int64
	Requests         int
	// Mixed is by how much a share changed in the service itself that did not change at its callers; millionths.
	Mixed int64
	// Shifts are what it comes down to, those of most requests first, and Examples acts that show them.
	Shifts   []Shift
	Examples []incident.Ref
}

// Changes are the services whose behaviour changed, by name.
func (b *Behaviour) Changes() (changes []Change) {
	if len(b.now) == 0 || len(b.before) == 0 {
		return nil
	}
	type tally struct {
		blamed, usual int64
		requests      int
		shifts        map[*Shift]int
		examples      []incident.Ref
	}
	tallies := map[int32]*tally{}
	of := func(service int32) *tally {
		t := tallies[service]
		if t == nil {
			t = &tally{shifts: map[*Shift]int{}}
			tallies[service] = t
		}
		return t
	}
	for _, q := range b.now {
		for _, s := range q.services {
			of(s).requests++
		}
		shares := b.judged.blame(q, b.services)
		for s, share := range shares {
			of(s).blamed += share
		}
		for _, o := range b.judged.deepestOdd(q) {
			for s := range shares {
				if s == b.services[o.act.unit] || s == o.act.callee {
					t := of(s)
					t.shifts[o.shift]++
					if len(t.examples) < maxExamples {
						t.examples = trace.AppendRefs(t.examples, o.act.node.Refs()...)
					}
				}
			}
		}
	}
	for _, q := range b.before {
		for s, share := range b.judged.blame(q, b.services) {
			of(s).usual += share
		}
	}
	mixed := b.mixed()
	for service, t := range tallies {
		name := b.reader.services.keys[service]
		if name == "" || t.blamed == 0 && mixed[service] == 0 {
			continue
		}
		c := Change{
			Service: name, Blamed: t.blamed, Expected: stats.Scale(t.usual, int64(len(b.now)), int64(len(b.before))), Requests: t.requests,
			Mixed: mixed[service], Examples: t.examples,
		}
		list := slices.SortedFunc(maps.Keys(t.shifts), func(x, y *Shift) int {
			return cmp.Or(-cmp.Compare(t.shifts[x], t.shifts[y]), -cmp.Compare(x.weight, y.weight), cmp.Compare(x.unit, y.unit), cmp.Compare(x.feature, y.feature))
		})
		for _, s := range list[:min(len(list), maxShifts)] {
			c.Shifts = append(c.Shifts, *s)
		}
		changes = append(changes, c)
	}
	slices.SortFunc(changes, func(x, y Change) int { return cmp.Compare(x.Service, y.Service) })
	return changes
}

const (
	maxExamples = 3
	maxShifts   = 3
)

// mixed is, by service, how much a share changed within one of its units for sure that did not as much in what calls it.
func (b *Behaviour) mixed() map[int32]int64 {
	changed := make([]int64, len(b.reader.units.keys))
	for unit, shifts := range b.judged.shifts {
		for i := range shifts {
			changed[unit] = max(changed[unit], shifts[i].change())
		}
	}
	above := make([]int64, len(changed))
	for _, q := range b.now {
		for i := range q.acts {
			unit := q.acts[i].unit
			if changed[unit] == 0 {
				continue
			}
			// The caller is the parent, or of a call within the service what is above that.
			for p, up := q.acts[i].parent, 0; p >= 0 && up < 2; p, up = q.acts[p].parent, up+1 {
				if caller := q.acts[p].unit; b.services[caller] != b.services[unit] {
					above[unit] = max(above[unit], changed[caller])
				}
			}
		}
	}
	most := map[int32]int64{}
	for unit, v := range changed {
		service := b.services[unit]
		most[service] = max(most[service], v-above[unit])
	}
	return most
}
