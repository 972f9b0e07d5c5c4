"""What a request takes in counts that hardly drift: system calls, and instructions in user space."""
