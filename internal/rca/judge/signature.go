package judge

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// abstainPrefix marks the keys of failures about which the rules say nothing certain.
const abstainPrefix = "abstain:"

// KeyOf returns the root signature of these parts.
func KeyOf(tenant string, p incident.SignatureParts) string {
	if p.Kind == incident.KindUnknown { // abstained
		return abstainPrefix + signature(tenant, p)
	}
	return signature(tenant, p)
}

// signature hashes tenant, environment, cluster, kind, identity and class, each with its length.
func signature(tenant string, p incident.SignatureParts) string {
	h := sha256.New()
	parts := append([]string{strconv.Itoa(p.Version), tenant, p.Environment, p.Cluster, string(p.Kind), string(p.Class)}, p.Identity...)
	for _, s := range parts {
		h.Write(strconv.AppendInt(nil, int64(len(s)), 10))
		h.Write([]byte{':'})
		h.Write([]byte(s))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// groupSignature is what identifies an error of own code: the signature of the record that says most, with that record.
func groupSignature(g *evidence.Group) (best failure.Signature, of failure.Observed) {
	for _, e := range g.Records {
		if !e.IsSignal {
			continue
		}
		o := e.Observed
		if o.Kind == failure.KindLog && g.Node.Span != nil {
			o.Route = semconv.OperationOf(g.Node.Span.Attributes).Name
		}
		if o.Stack == "" && len(e.Exceptions) > 0 && o.Message == "" {
			o.Message = e.Text
		}
		sig := failure.SignatureOf(o)
		if best.Strategy == "" || strategyRank(sig) < strategyRank(best) {
			best, of = sig, o
		}
	}
	return best, of
}

var strategies = []string{
	failure.StrategyFrames, failure.StrategyException, failure.StrategyMessage, failure.StrategyOperation,
}

func strategyRank(s failure.Signature) int { return slices.Index(strategies, s.Strategy) }

// root is the root that a judgement comes to, with the key of its incident and no title yet.
func (j *Judgement) root(tenant string, tree *trace.Tree) incident.Root {
	g := j.Group
	parts := incident.SignatureParts{
		Version: failure.SignatureVersion, Environment: g.Environment(), Cluster: g.Node.Resource().Cluster(), Kind: j.Kind,
		Identity: qualifyIdentity(tree, j), Class: j.Class, Strategy: j.strategy,
	}
	j.Signature = KeyOf(tenant, parts)
	r := incident.Root{
		Signature: j.Signature, Parts: parts, Kind: j.Kind, Service: j.Service, Component: j.Component,
		Operation: j.Operation, Category: j.Category, Abstained: j.Abstained,
		Origin: trace.AppendRefs(g.Refs(), j.alsoCited...), Onset: g.Onset(),
	}
	j.addKeys(&r, tenant, tree)
	r.Variants = variantsOf(tenant, tree, j, parts)
	return r
}

// variantsOf are what a root of own code may have in common with near-duplicates of it.
func variantsOf(tenant string, tree *trace.Tree, j *Judgement, parts incident.SignatureParts) (variants []incident.Variant) {
	if j.told == nil {
		return nil
	}
	service := qualify(tree, j.Group.Node, j.Service)
	for _, v := range failure.VariantsOf(*j.told) {
		parts.Identity = append([]string{incident.RuleOneWord, strconv.Itoa(v.Position), service}, v.Parts...)
		variants = append(variants, incident.Variant{Signature: KeyOf(tenant, parts), Message: v.Message, Position: v.Position, Word: v.Word})
	}
	return variants
}
