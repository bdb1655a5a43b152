package analysis

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// reportsFresh is how many sweeps a report on agents holds when a process without agents meets it.
const reportsFresh = 4

// reportAgents tells GET /query/status of the agents, once per sweep. A process without agents leaves
// that to those with them; where there are none any more, it settles what waits for them.
func (w *Workers) reportAgents(ctx context.Context) {
	off := w.config.Agents.Investigator == nil
	if off && w.othersAsk(ctx) {
		return
	}
	if err := w.store.ReportAgents(ctx, w.config.Agents.Info); err != nil && ctx.Err() == nil {
		w.log.Debug("cannot report the state of the agents", zap.Error(err))
	}
	if !off {
		return
	}
	if err := w.settleAgents(ctx); err != nil && ctx.Err() == nil {
		w.log.Warn("cannot settle what waits for agents that are off; trying again", zap.Error(err))
	}
}

// othersAsk reports whether another process had agents a moment ago.
func (w *Workers) othersAsk(ctx context.Context) bool {
	info, err := w.store.AgentsInfo(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return false
	}
	return err != nil || info.Enabled && time.Since(info.ReportedAt) < reportsFresh*w.config.Sweep.Interval
}

const skippedOff = "Agents were turned off before they had looked at this revision."

// settleAgents ends the requests that nobody will take up.
func (w *Workers) settleAgents(ctx context.Context) error {
	for {
		claims, err := w.store.ClaimAgents(ctx, newOwner(), w.lease(), orphanBatch)
		if err != nil || len(claims) == 0 {
			return err
		}
		for _, claim := range claims {
			record := store.AgentsRecord{Agents: w.agentsState(incident.AgentsSkipped, skippedOff)}
			if err := w.store.SaveAgents(ctx, claim, record); err != nil && !errors.Is(err, store.ErrLostLease) {
				return err
			}
			w.announce(ctx, store.IncidentChange{Tenant: claim.Tenant, ID: claim.IncidentID})
		}
	}
}
