package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// judgeDependency blames what was called.
func judgeDependency(x *explain.Explanation, j *Judgement, class incident.Class) {
	j.Kind, j.Class = incident.KindDependency, class
	caller := j.Group.Node.Service
	j.Operation = trace.CallOperationOf(j.Group.Node)
	j.Component = j.Peer.Name(caller)
	identifyPeer(x.Tree, j, j.Peer, j.Group.Node)
	if j.Peer.Service != "" && x.Directory.HasTelemetry(j.Peer.Service) {
		j.Service = j.Peer.Service
	}
	if j.Component == "" {
		j.Component = "an unnamed peer of " + caller
		j.capAt(rules.CapUnnamedPeer)
	}
	if j.Group.Reason.Ambiguous {
		j.capAt(rules.CapAmbiguous)
	}
	if class == incident.ClassTimeout {
		j.JoinsUnavailable = true
		j.capAt(rules.CapNothingBeyond)
		return
	}
	j.citeSymptoms(x)
	j.capAt(rules.CapSeenFromCaller)
}

// citeSymptoms cites what platforms recorded of a peer that did not serve.
func (j *Judgement) citeSymptoms(x *explain.Explanation) {
	for _, g := range x.Groups.All {
		if explain.IsSymptom(g) && g.Node.Service == j.Peer.Service {
			j.alsoCited = trace.AppendRefs(j.alsoCited, g.Refs()...)
		}
	}
}

// judgeMute decides about a failed call of which no record says why it failed.
func judgeMute(x *explain.Explanation, j *Judgement) {
	if s := j.Peer.Service; s != "" && x.Directory.HasTelemetry(s) {
		j.abstainFor(s)
		return
	}
	judgeDependency(x, j, incident.ClassData)
	j.Category = incident.CategoryUnknown
	if j.Group.Reason.Cited.Text != "" && j.Group.Node.CallsStore() {
		j.Category = incident.CategoryDatabaseError // what a store's driver throws is the store's answer
		return
	}
	j.JoinsUnavailable = true
	j.capAt(rules.CapNoReason)
}
