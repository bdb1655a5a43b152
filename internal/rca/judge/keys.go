package judge

import "github.com/prodsentinel/prodsentinel/internal/incident"

// addKeys adds the keys by which a root shares its cause with roots of other signatures: the outage of a dependency
// that other calls show less of, and a wait for a callee where one trace shows where the time went and another shows
// nothing.
func (j *Judgement) addKeys(r *incident.Root, tenant string) {
	parts := r.Parts
	as := func(kind incident.Kind, class incident.Class, identity []string) string {
		parts.Kind, parts.Class, parts.Identity = kind, class, identity
		return KeyOf(tenant, parts)
	}
	switch {
	case j.JoinsUnavailable:
		r.Joins = append(r.Joins, as(j.Kind, incident.ClassUnavailable, j.unavailable))
	case j.Kind == incident.KindDependency && j.Class == incident.ClassUnavailable:
		r.Takes = append(r.Takes, as(j.Kind, incident.ClassTimeout, j.identity), as(j.Kind, incident.ClassData, j.mute))
		if j.seenAs != nil {
			less := as(j.Kind, j.Class, j.seenAs)
			r.Takes, r.KnownAs = append(r.Takes, less), append(r.KnownAs, less)
		}
	case j.Class == incident.ClassTimeout && j.Abstained:
		r.Joins = append(r.Joins, as(incident.KindEdge, j.Class, r.Parts.Identity))
	case j.Class == incident.ClassTimeout && j.Kind == incident.KindEdge:
		r.Takes = append(r.Takes, as(incident.KindUnknown, j.Class, r.Parts.Identity))
	}
}
