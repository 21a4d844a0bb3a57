"""Files in a folder or on S3, behind one interface."""
