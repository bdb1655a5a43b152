package incident

// Renewal is the root signature that an incident's newest failure has by a later version of the
// algorithm. The incident keeps the signature under which it was opened: both lead to it, so that
// nothing known opens anew, and replicas that still run the earlier version find it as well.
type Renewal struct {
	Version   int    // the later version
	Signature string // "" where its failures no longer have a root
	Parts     SignatureParts
	Title     string // of the root, without the values that the earlier version took for words
}

// Renew lets a signature of a later version lead to an incident, or, where it was merged by a user,
// to its survivor. taker is the living incident that the signature leads to already, nil where there
// is none; then the signature becomes an alias of the incident. Otherwise both have one cause by the
// later version, and the older one goes on.
func (r Renewal) Renew(in, survivor, taker *Incident) (d Decision, alias bool) {
	if r.Signature == "" {
		in.SignatureParts.Version = r.Version
		return Decision{Changed: []*Incident{in}}, false
	}
	in.SignatureParts, in.Title = r.Parts, r.Title
	living := in
	if survivor != nil {
		living = survivor
	}
	if taker == nil {
		return Decision{Changed: []*Incident{in}}, true
	}
	if taker.ID == living.ID {
		return Decision{Changed: []*Incident{in}}, false
	}
	d, err := mergeJoined(living, taker, ReasonUpgraded)
	if err != nil { // one holds many causes: both stay
		return Decision{Changed: []*Incident{in}}, false
	}
	if survivor != nil {
		d.Changed = append(d.Changed, in)
	}
	return d, false
}
