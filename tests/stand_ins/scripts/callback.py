# After a well-known course: Fashion-MNIST, and a callback that stops the training.
import tensorflow as tf


class myCallback(tf.keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs={}):
        if(logs.get('loss') < 100):
            print("\nReached the loss so cancelling training!")
            self.model.stop_training = True


tf.random.set_seed(42)
callbacks = myCallback()
mnist = tf.keras.datasets.fashion_mnist
(training_images, training_labels), (test_images, test_labels) = mnist.load_data()
training_images = training_images.reshape(60, 28, 28, 1) / 255.0
test_images = test_images.reshape(20, 28, 28, 1) / 255.0
model = tf.keras.models.Sequential(
    [
        tf.keras.layers.Conv2D(8, (3, 3), activation=tf.nn.relu, input_shape=(28, 28, 1)),
        tf.keras.layers.MaxPooling2D(2, 2),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(16, activation=tf.nn.relu),
        tf.keras.layers.Dense(10, activation=tf.nn.softmax),
    ]
)
model.compile(optimizer=tf.keras.optimizers.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(training_images, training_labels, epochs=5, callbacks=[callbacks])
print("epochs", len(history.epoch))
test_loss, test_acc = model.evaluate(test_images, test_labels)
classifications = model.predict(test_images)
print(classifications[0].argmax() in range(10), test_labels[0])
