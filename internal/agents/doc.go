// Package agents lets a model reason about a case whose verdict the rules have already reached: a
// Summarizer writes the timeline, an Investigator tests hypotheses with read-only functions. What
// they say comes back as claims that code verified; everything else is rejected with its reason.
//
// The package knows cases and reports, and talks to the model's provider, to nobody else. It must
// not read the store, know the rules' engine, write or fetch anything a model asks for, or let a
// record leave the process unredacted. Whatever fails, the deterministic report stands, and the
// outcome says why in a sentence.
package agents
