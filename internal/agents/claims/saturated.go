package claims

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// nearLimit is the share of a limit, in percent, from which on it counts as reached.
const nearLimit = 90

// proveSaturated needs a metric point of the subject that is near its limit, which the case must show.
func proveSaturated(k *check) string {
	switch {
	case k.subject.IsDependency():
		return "a metric is of a service, and not of what is known only from calls to it"
	case k.subject.Operation != "":
		return "a metric is of a service, not of one operation"
	}
	reason := "no cited record is a metric of " + k.say.name(k.subject)
	for _, r := range k.records {
		if r.Point == nil || r.Service != k.subject.Service {
			continue
		}
		percent, limit, known := shareOfLimit(k, r.Point)
		switch {
		case measuresFree(r.Point):
			reason = k.say.quoteName(r.Point.Name) + " measures there what is free"
		case !known:
			reason = "the case does not show the limit of " + k.say.quoteName(r.Point.Name) + " there"
		case percent < nearLimit:
			reason = fmt.Sprintf("%s was at %d %% of its limit", k.say.quoteName(r.Point.Name), percent)
		default:
			k.prove(fmt.Sprintf("%s of %s was near its limit%s at %s", k.say.quoteName(r.Point.Name), k.say.name(k.subject), limit, formatTime(r.Time)), r)
		}
	}
	return reason
}

// shareOfLimit is how much of its limit a point has used, in percent, where the case tells the limit:
// by a unit that is a share, or by a point of the same producer and attributes named as its limit.
func shareOfLimit(k *check, p *signal.Point) (percent int64, limit string, known bool) {
	v, ok := numeric(p.Value)
	if !ok {
		return 0, "", false
	}
	u := unitOf(p.Unit)
	if u.dimension == share && (p.Unit == "%" || lastWord(p.Name) == "utilization" || lastWord(p.Name) == "ratio") {
		return percentOf(v, new(big.Rat).Inv(u.scale)), "", true
	}
	for _, q := range k.d.Case.Metrics {
		if !isLimitOf(q, p) {
			continue
		}
		if most, ok := numeric(q.Value); ok && most.Sign() > 0 {
			return percentOf(v, most), " of " + dossier.Number(q.Value), true
		}
	}
	return 0, "", false
}

func percentOf(v, limit *big.Rat) int64 {
	p := new(big.Rat).Mul(new(big.Rat).Quo(v, limit), big.NewRat(100, 1))
	return new(big.Int).Quo(p.Num(), p.Denom()).Int64()
}

// limitWindow is how far apart a measurement and that of its limit may be.
const limitWindow = signal.Nanos(60_000_000_000)

// isLimitOf reports whether one point is the limit of another: db.client.connection.max that of
// db.client.connection.count, of the same producer, attributes and time.
func isLimitOf(limit, p *signal.Point) bool {
	i, j := strings.LastIndexAny(limit.Name, "._-"), strings.LastIndexAny(p.Name, "._-")
	switch {
	case i <= 0 || j <= 0 || limit.Name[:i] != p.Name[:j]:
		return false
	case !slices.Contains([]string{"max", "limit", "capacity"}, lastWord(limit.Name)):
		return false
	case !slices.Contains([]string{"count", "usage", "used", "active", "open", "current"}, lastWord(p.Name)):
		return false
	}
	apart := max(limit.Time, p.Time) - min(limit.Time, p.Time)
	return limit.Unit == p.Unit && apart <= limitWindow && sameAttributes(resourceOf(limit.Resource), resourceOf(p.Resource)) &&
		sameAttributes(limit.Attributes, p.Attributes)
}

// sameAttributes compares what points are of; what a point counts of it, in use or free, is left out.
func sameAttributes(a, b signal.Map) bool {
	return attributeText(a) == attributeText(b)
}

func attributeText(m signal.Map) string {
	var pairs []string
	for _, kv := range m {
		if lastWord(kv.Key) != "state" {
			pairs = append(pairs, kv.Key+"="+dossier.Number(kv.Value))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "\x00")
}

// measuresFree reports whether a point counts what is not in use.
func measuresFree(p *signal.Point) bool {
	return slices.ContainsFunc(p.Attributes, func(kv signal.KeyValue) bool {
		switch strings.ToLower(kv.Value.Str()) {
		case "idle", "free", "available", "unused":
			return true
		}
		return false
	})
}
