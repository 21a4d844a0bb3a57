"""What a platform team needs to run the lakehouse."""
