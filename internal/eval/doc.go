// Package eval measures how often the engine finds the cause of labelled incidents, beside simple methods in the
// same run. Cases go the way of the product: recorded telemetry, the loading of a case, the engine. What is right is
// read by the scorer alone, once every method has answered.
package eval
