package analysis

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// similarPool is how many incidents are looked through for those alike.
const similarPool = 200

// similar loads the earlier incidents most alike: agents may ask for them, the rules do not.
func (b *caseBuilder) similar(ctx context.Context, in incident.Incident) (found []incident.SimilarIncident, err error) {
	if b.config.SimilarIncidents == 0 {
		return nil, nil
	}
	pool, err := b.store.ListIncidents(ctx, b.draft.Tenant, store.IncidentFilter{To: in.LastSeen}, store.Page{Limit: similarPool})
	if err != nil {
		return nil, err
	}
	for _, other := range mostAlike(in, pool.Items, b.config.SimilarIncidents) {
		s := incident.SimilarIncident{
			ID: other.ID, Title: other.Title, Category: other.Category, Root: other.RootCause,
			FirstSeen: signal.NanosOf(other.FirstSeen),
		}
		a, err := b.store.Analysis(ctx, b.draft.Tenant, other.ID, 0)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, err
		case a.RootCause != nil:
			s.Statement = a.RootCause.Statement
		}
		found = append(found, s)
	}
	return found, nil
}

// mostAlike chooses up to limit of the incidents that opened before in, most alike first, then the
// newest.
func mostAlike(in incident.Incident, pool []incident.Incident, limit int) []incident.Incident {
	alike := slices.DeleteFunc(slices.Clone(pool), func(other incident.Incident) bool {
		return other.ID == in.ID || !other.OpenedAt.Before(in.OpenedAt) || likeness(in, other) == 0
	})
	slices.SortStableFunc(alike, func(x, y incident.Incident) int {
		return cmp.Or(
			cmp.Compare(likeness(in, y), likeness(in, x)),
			y.OpenedAt.Compare(x.OpenedAt),
			cmp.Compare(x.ID, y.ID),
		)
	})
	return alike[:min(limit, len(alike))]
}

// likeness counts what two root causes have in common: the component most, the operation least. A
// common category alone is nothing.
func likeness(a, b incident.Incident) (points int) {
	x, y := a.RootCause, b.RootCause
	if x.Component != "" && x.Component == y.Component {
		points += 4
	}
	if x.Service != "" && x.Service == y.Service {
		points += 2
	}
	if points == 0 {
		return 0
	}
	if a.Category == b.Category {
		points += 2
	}
	if x.Operation != "" && x.Operation == y.Operation {
		points++
	}
	return points
}
