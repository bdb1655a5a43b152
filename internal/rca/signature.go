package rca

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// abstainPrefix marks the keys of failures about which the rules say nothing certain.
const abstainPrefix = "abstain:"

// rootOf is the root an origin comes to, with the key of its incident.
func (c *classified) rootOf(tenant string, j *judgement) incident.Root {
	g := j.group
	parts := incident.SignatureParts{
		Version: failure.SignatureVersion, Environment: g.environment(), Kind: j.kind,
		Identity: j.identity, Class: j.class, Strategy: j.strategy,
	}
	r := incident.Root{
		Signature: signature(tenant, parts), Parts: parts, Kind: j.kind, Service: j.service, Component: j.component,
		Operation: j.operation, Category: j.category, Abstained: j.abstained, Title: titleOf(j),
		Origin: trace.AppendRefs(g.refs(), j.why...), Onset: g.onset(),
	}
	if j.abstained {
		r.Signature = abstainPrefix + r.Signature
	}
	r.Joins = j.joinsOf(tenant, parts)
	return r
}

// joinsOf is the key of the other incident that this failure may be a part of: that of the same
// dependency's unavailability, and of a wait for the same callee where one trace shows where the
// time went and another shows nothing.
func (j *judgement) joinsOf(tenant string, parts incident.SignatureParts) string {
	switch {
	case j.joins:
		parts.Class = incident.ClassUnavailable
		return signature(tenant, parts)
	case j.class != incident.ClassTimeout:
		return ""
	case j.abstained:
		parts.Kind = incident.KindEdge
		return signature(tenant, parts)
	case j.kind == incident.KindEdge:
		parts.Kind = incident.KindUnknown
		return abstainPrefix + signature(tenant, parts)
	}
	return ""
}

// signature hashes tenant, environment, kind, identity and class, each with its length.
func signature(tenant string, p incident.SignatureParts) string {
	h := sha256.New()
	parts := append([]string{strconv.Itoa(p.Version), tenant, p.Environment, string(p.Kind), string(p.Class)}, p.Identity...)
	for _, s := range parts {
		h.Write(strconv.AppendInt(nil, int64(len(s)), 10))
		h.Write([]byte{':'})
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// groupSignature tells one error from another: that of the record which says most.
func groupSignature(g *group) failure.Signature {
	var best failure.Signature
	for _, e := range g.evidence {
		if !e.isSignal {
			continue
		}
		o := e.observed
		if o.Stack == "" && len(e.exceptions) > 0 && o.Message == "" {
			o.Message = e.text
		}
		sig := failure.SignatureOf(o)
		if best.Strategy == "" || strength(sig) < strength(best) {
			best = sig
		}
	}
	return best
}

var strategies = []string{
	failure.StrategyFrames, failure.StrategyException, failure.StrategyMessage, failure.StrategyOperation,
}

func strength(s failure.Signature) int { return slices.Index(strategies, s.Strategy) }

func (g *group) environment() string { return g.node.Resource().Environment() }

// ledBackTo counts the errors that lead back to any of the origins, these included, and their
// signals.
func ledBackTo(origins []*group) (errors, signals int) {
	seen := make(map[*group]bool, len(origins))
	queue := slices.Clone(origins)
	for _, g := range origins {
		seen[g] = true
	}
	for ; len(queue) > 0; queue = queue[1:] {
		errors++
		signals += queue[0].signals
		for _, a := range queue[0].explains {
			if !seen[a] {
				seen[a] = true
				queue = append(queue, a)
			}
		}
	}
	return errors, signals
}

// peerIdentity is the peer's part of a root signature (section 8); it does not name the caller, unless
// nothing else is known of the peer.
func peerIdentity(p trace.Peer, caller string) []string {
	host := address.Normal(p.Service, "") // as it would be without knowledge of the service
	if host == "" {
		host = address.Normal(address.Split(p.Host))
		if address.IsNumeric(host) && p.Namespace != "" {
			host = ""
		}
	}
	if host == "" && p.Namespace == "" {
		host = "of " + caller
	} else if address.IsLoopback(host) {
		host += " of " + caller // everyone has a localhost of their own
	}
	if p.Namespace != "" {
		host += "/" + p.Namespace
	}
	return []string{p.System, host}
}
