package adversarial

// verdict is what is known of a statement by how a case came about.
type verdict int

const (
	isFalse verdict = iota
	isTrue
	isOpen // neither side would be wrong
)

// because reports whether a request failed because of another request.
func because(effect, cause *request) verdict {
	a := effect.fatal
	switch {
	case !effect.failed || a == nil || a.callee == nil || effect == cause:
		return isFalse
	case a.gaveUp:
		return heldFor(a, cause)
	case a.callee == cause:
		return isTrue
	}
	return because(a.callee, cause)
}

// heldFor reports whether a request held the time of a call that was given up: at least half of the wait.
func heldFor(a *attempt, cause *request) verdict {
	below := false
	for r := cause; r != nil && r.asked != nil; r = r.asked.caller {
		if r.asked == a {
			below = true
			break
		}
		if r.asked.repeated {
			return isOpen
		}
		if r.asked.gaveUp {
			if inner := share(r.asked, cause); inner != isTrue {
				return inner
			}
		}
	}
	if !below {
		return isFalse
	}
	return share(a, cause)
}

func share(a *attempt, cause *request) verdict {
	overlap := min(a.end, cause.end) - max(a.start, cause.start)
	switch wait := a.end - a.start; {
	case 100*overlap >= 60*wait:
		return isTrue
	case 100*overlap <= 40*wait:
		return isFalse
	}
	return isOpen
}

// becauseOfDatabase reports whether a request failed because of a call to a database.
func becauseOfDatabase(effect *request, cause *attempt) verdict {
	a := effect.fatal
	switch {
	case !effect.failed || a == nil:
		return isFalse
	case a == cause:
		return isTrue
	case a.callee == nil:
		return isFalse
	case a.gaveUp:
		// Only its time could have mattered, and no query takes that long here.
		return isOpenIf(under(cause.caller, a) && 100*(min(a.end, cause.end)-max(a.start, cause.start)) >= 40*(a.end-a.start))
	}
	return becauseOfDatabase(a.callee, cause)
}

func isOpenIf(open bool) verdict {
	if open {
		return isOpen
	}
	return isFalse
}

func under(r *request, a *attempt) bool {
	for ; r != nil && r.asked != nil; r = r.asked.caller {
		if r.asked == a {
			return true
		}
	}
	return false
}

// origin is the request that the entry's failure began in; nil where that is not in its own code.
func (s *simulation) origin() *request {
	r := s.requests[0]
	for r.fatal != nil {
		if r.fatal.callee == nil || r.fatal.gaveUp {
			return nil
		}
		r = r.fatal.callee
	}
	return r
}
