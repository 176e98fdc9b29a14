# Expect: though another had taken its place
s/waker_drop(&self->waker);.*/waker_wake(\&self->waker);/
