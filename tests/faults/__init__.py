"""A DynamoDB that misbehaves on demand, and a resolver that does not answer."""
