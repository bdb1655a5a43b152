package semconv

// MessagingSystem returns the name of the broker.
func MessagingSystem[A Attributes](attrs A) string { return attrs.Str(keyMessagingSystem) }

// MessagingOperation returns what is done with the message, such as publish or process.
func MessagingOperation[A Attributes](attrs A) string {
	return firstStr(attrs, keyMessagingOperation, keyMessagingName, keyMessagingOperationOld)
}

// MessagingDestination returns the queue or topic.
func MessagingDestination[A Attributes](attrs A) string { return attrs.Str(keyMessagingDestination) }
