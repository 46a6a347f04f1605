"""RXC/community: community and mental health services."""
